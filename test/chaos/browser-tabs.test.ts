// Twenty tabs and fifty expiries of their token, instead of the few of every run. CURFEW_TEST_TABS sets other numbers.
process.env['CURFEW_TEST_TABS'] ??= '20x50';
await import('../browser/browser-package.test.js');
