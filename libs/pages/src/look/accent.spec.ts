import { accentFault, accentPath, accentStylesheet } from './accent.js';

it.each([
  ['light', '#4338ca', null],
  ['dark', '#b5b0ff', null],
  ['light', '#767676', /at least 4\.5 to the light background #f3f3f8; it has 4\.1\d/],
  ['light', '#ffd400', /to the light background #ffffff; it has 1\.\d\d \(WCAG/],
  ['dark', '#4338ca', /to the dark background #1a1a29; it has 2\.\d\d/],
  ['light', '#4338CA', /small letters/],
  ['light', 'red', /#rrggbb/],
  ['light', '#4338ca;}body{display:none', /#rrggbb/],
] as const)('judges a colour for the %s pages: %s', (appearance, colour, fault) => {
  if (fault === null) expect(accentFault(appearance, colour)).toBeNull();
  else expect(accentFault(appearance, colour)).toMatch(fault);
});

it('names a stylesheet by its colours, and makes it from the name', () => {
  const path = accentPath({ light: '#b3261e', dark: '#ffb4ab' })!;
  expect(path).toBe('/assets/accent-b3261e-ffb4ab.css');
  expect(accentStylesheet(path)).toBe(
    ':root{--accent:#b3261e;--accent-hover:#8f1e18;--on-accent:#ffffff;}@media (prefers-color-scheme:dark){:root{--accent:#ffb4ab;--accent-hover:#ffc3bc;--on-accent:#000000;}}\n',
  );
  expect(accentPath({ light: '#b3261e' })).toBe('/assets/accent-b3261e-none.css');
  expect(accentPath({})).toBeUndefined();
});

it.each([
  '/assets/accent-ffd400-none.css',
  '/assets/accent-none-4338ca.css',
  '/assets/accent-x-y.css',
  '/assets/curfew.css',
])('makes no stylesheet of %s', (path) => {
  expect(accentStylesheet(path)).toBeUndefined();
});
