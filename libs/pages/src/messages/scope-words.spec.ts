import { languages } from './language.js';
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
  expect(String(scopeInWords(languages.en, scope))).toBe(words);
});

it.each(['payments', 'urn:example:thing', 'constructor', '__proto__', ':::', ''])(
  'has no words for %p, because it cannot be read',
  (scope) => {
    expect(scopeInWords(languages.en, scope)).toBeUndefined();
  },
);

it('says a scope in the language of the page', () => {
  expect(String(scopeInWords(languages.de, 'orders:read'))).toBe('orders: ansehen');
});
