import { scopeInWords } from './scope-words.js';

it.each([
  ['openid', 'Recognize you'],
  ['email', 'See your email address, if you sign in with one'],
  ['orders:read', 'See orders'],
  ['orders.write', 'Add and change orders'],
  ['read:purchase_orders', 'See purchase orders'],
  ['shop:orders:delete', 'Delete shop orders'],
  ['sessions:end', 'End sessions'],
  ['keys:rotate', 'Rotate keys'],
])('says %s as “%s”', (scope, words) => {
  expect(scopeInWords(scope)).toBe(words);
});

it.each(['payments', 'urn:example:thing', 'constructor', '__proto__', ':::', ''])(
  'shows %p as it is, because it cannot be read',
  (scope) => {
    expect(scopeInWords(scope)).toBe(scope);
  },
);
