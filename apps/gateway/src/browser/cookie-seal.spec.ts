import { CookieSeal } from './cookie-seal.js';

const [older, newer] = ['an old secret of enough characters', 'a new secret of enough characters'];
const value = { accessToken: 'cfw_at_1' };

describe('what is sealed for a cookie', () => {
  it('is opened at its own place only: this cookie of this host', () => {
    const sealed = new CookieSeal([newer]).close(value, '__Host-curfew_gateway shop.example.test');
    const seal = new CookieSeal([newer]);
    expect(seal.open(sealed, '__Host-curfew_gateway shop.example.test')).toEqual(value);
    expect(seal.open(sealed, '__Host-curfew_gateway other.example.test')).toBeUndefined();
    expect(seal.open(sealed, '__Host-curfew_way_1 shop.example.test')).toBeUndefined();
  });

  it('survives the change of the secret while the old one stands behind the new one', () => {
    const sealed = new CookieSeal([older]).close(value, 'here');
    expect(new CookieSeal([newer, older]).open(sealed, 'here')).toEqual(value);
    expect(new CookieSeal([newer]).open(sealed, 'here')).toBeUndefined();
    const later = new CookieSeal([newer, older]).close(value, 'here');
    expect(new CookieSeal([newer]).open(later, 'here')).toEqual(value);
  });

  it('tells nothing, and is nothing when a byte of it is changed or missing', () => {
    const seal = new CookieSeal([newer]);
    const sealed = seal.close(value, 'here');
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('cfw_at_');
    expect(seal.close(value, 'here')).not.toBe(sealed);
    const bytes = Buffer.from(sealed, 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(seal.open(changed.toString('base64url'), 'here')).toBeUndefined();
      expect(seal.open(bytes.subarray(0, at).toString('base64url'), 'here')).toBeUndefined();
    }
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a letter', 'x'],
    ['no base64', '!!!'],
    ['longer than any cookie', 'A'.repeat(5_000)],
  ])('is not %s', (_, text) => {
    expect(new CookieSeal([newer]).open(text, 'here')).toBeUndefined();
  });
});
