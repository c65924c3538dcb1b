import { facts, no, remembered } from '../../../test/support/verdicts.js';
import { hashToken } from './token-inquiry.js';
import { VerdictCache } from './verdict-cache.js';

describe('what a resource server remembers', () => {
  it('knows a bounded number of ends, and doubts what is older than those it dropped', () => {
    const cache = new VerdictCache(10);
    cache.end({ ...no, sessions: Array.from({ length: 100_001 }, (_, i) => `s${i}`) }, 50_000);
    expect([cache.hasEnded('', 's0'), cache.hasEnded('', 's100000')]).toEqual([false, true]);
    expect(cache.isCertain(facts({ sessionId: 's0', issuedAt: 40_000 }))).toBe(false);
  });

  it('is found again among very many, after every kind of change', () => {
    const cache = new VerdictCache(5_000);
    const id = (i: number) => `00000000-0000-7000-8000-${String(i).padStart(12, '0')}`;
    const known = new Map<number, number>();
    for (let i = 0; i < 12_000; i++) {
      cache.set(hashToken(String(i)), remembered({ sessionId: id(i % 3_000), expiresAt: i * 1_000 }, i + 1));
      const [oldest] = known.keys();
      if (known.size === 5_000) known.delete(oldest!);
      known.set(i, i * 1_000);
      if (i % 7 === 0) {
        cache.end({ ...no, sessions: [id((i * 31) % 3_000)] }, i);
        for (const one of known.keys()) if (one % 3_000 === (i * 31) % 3_000) known.delete(one);
      }
    }
    expect(cache.size).toBe(known.size);
    for (const [i, expiresAt] of known)
      expect(cache.get(hashToken(String(i)), i)?.facts.expiresAt).toBe(expiresAt);
  });
});
