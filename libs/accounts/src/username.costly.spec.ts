import fc from 'fast-check';
import { normaliseUsername } from './username.js';

describe('usernames', () => {
  it('are the same name in every case and in every Unicode spelling', () => {
    expect(normaliseUsername('User1@Example.TEST')).toBe('user1@example.test');
    expect(normaliseUsername('Jose\u0301')).toBe(normaliseUsername('JOS\u00c9'));
    expect(normaliseUsername('\uff41\uff4c\uff49\uff43\uff45')).toBe('alice');
  });

  it('are stable: normalising twice changes nothing', () => {
    for (const name of ['\u0130stanbul', '\u212a', 'Stra\u00dfe', '\ufb01sh']) {
      const once = normaliseUsername(name);
      expect(once).not.toBeNull();
      expect(normaliseUsername(once ?? '')).toBe(once);
    }
  });

  it('are stable for every text there is, and fit into a row', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const once = normaliseUsername(text);
        if (once === null) return true;
        return normaliseUsername(once) === once && once.length <= 254 && !once.includes('\u0000');
      }),
      { numRuns: 2000 },
    );
  });

  it('are the same name with blanks around them, which people paste along', () => {
    for (const name of [' alice', 'alice ', '\talice\n', '\u3000alice\u00a0'])
      expect(normaliseUsername(name)).toBe('alice');
  });

  it('have no spaces, control characters, invisible characters or lone surrogates', () => {
    for (const name of ['', '  ', 'a b', 'a\u0000', 'a\nb', 'a\u200bb', 'a\u202eb', 'a\ud800', 'a\u00a0b']) {
      expect(normaliseUsername(name)).toBeNull();
    }
  });

  it('have at most 254 characters, also after one character became many', () => {
    expect(normaliseUsername('a'.repeat(254))).toHaveLength(254);
    expect(normaliseUsername('a'.repeat(255))).toBeNull();
    expect(normaliseUsername('\ufdfa'.repeat(100))).toBeNull();
    expect(normaliseUsername('a'.repeat(10_000_000))).toBeNull();
  });
});
