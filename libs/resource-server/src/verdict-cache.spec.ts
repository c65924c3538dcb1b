import { facts, no, remembered } from '../../../test/support/verdicts.js';
import { hashToken } from './token-inquiry.js';
import { VerdictCache } from './verdict-cache.js';

describe('what a resource server remembers', () => {
  it('is forgotten at its time', () => {
    const cache = new VerdictCache(10);
    cache.set(hashToken('a'), remembered());
    expect(cache.get(hashToken('a'), 999)).toBeDefined();
    expect(cache.get(hashToken('a'), 1_000)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('is bounded, and the oldest goes first', () => {
    const cache = new VerdictCache(2);
    for (const hash of ['a', 'b', 'c']) cache.set(hashToken(hash), remembered({ sessionId: hash }));
    expect([cache.size, cache.get(hashToken('a'), 0), cache.get(hashToken('c'), 0)?.facts.sessionId]).toEqual(
      [2, undefined, 'c'],
    );
  });

  it('goes with a mass end of every client that has a part in it', () => {
    const exchanged = { clientId: 'stock', actors: ['stock', 'orders'], sessionClientId: 'web' };
    for (const target of ['stock', 'orders', 'web', 'another']) {
      const cache = new VerdictCache(10);
      cache.set(hashToken('a'), remembered(exchanged));
      expect(cache.get(hashToken('a'), 0)?.facts).toMatchObject(exchanged);
      cache.end({ ...no, all: [{ kind: 'client', target, at: 0 }] }, 20_000);
      expect([target, cache.size]).toEqual([target, target === 'another' ? 1 : 0]);
      expect(cache.isCertain(facts(exchanged))).toBe(target === 'another');
    }
  });

  it('goes with the session, all its tokens at once, and the session stays ended', () => {
    const cache = new VerdictCache(10);
    cache.set(hashToken('a'), remembered());
    cache.set(hashToken('b'), remembered());
    cache.set(hashToken('other'), remembered({ sessionId: 'other' }));
    const gone = cache.end({ ...no, sessions: ['session', 'nobody knows'] }, 0);
    expect(new Set(gone)).toEqual(new Set([hashToken('a'), hashToken('b')]));
    expect([cache.get(hashToken('a'), 0), cache.get(hashToken('b'), 0), cache.size]).toEqual([
      undefined,
      undefined,
      1,
    ]);
    expect(cache.hasEnded('whatever', 'session')).toBe(true);
  });

  it('goes with a single revoked token, by its own name where it has one', () => {
    const cache = new VerdictCache(10);
    cache.set(hashToken('a'), remembered());
    cache.set(hashToken('jwt'), remembered({}, 1_000, hashToken('id of the jwt')));
    const named = [hashToken('a'), hashToken('id of the jwt'), hashToken('unknown')];
    expect(cache.end({ ...no, tokens: named }, 0)).toEqual([hashToken('a'), hashToken('jwt')]);
    expect(cache.size).toBe(0);
    expect(cache.hasEnded(hashToken('a'), undefined)).toBe(true);
  });

  it.each([
    ['account', 'person', 1],
    ['client', 'client', 1],
    ['account', 'client', 2],
    ['everyone', '', 0],
  ] as const)('goes with a mass end of %s %s', (kind, target, left) => {
    const cache = new VerdictCache(10);
    cache.set(hashToken('a'), remembered());
    cache.set(hashToken('b'), remembered({ subject: 'somebody else', clientId: 'another' }));
    const { generation } = cache;
    // Whether a mass end includes a token is for the authorization server to say.
    expect(cache.end({ ...no, all: [{ kind, target, at: 0 }] }, 0)).toEqual([]);
    expect(cache.size).toBe(left);
    // Answers that are under way may be older than the end.
    expect(cache.generation).not.toBe(generation);
  });

  it('is certain of a token only where no end can have been missed', () => {
    const cache = new VerdictCache(10);
    expect(cache.isCertain(facts())).toBe(true);
    cache.end({ ...no, all: [{ kind: 'account', target: 'person', at: 10_999 }] }, 11_000);
    expect(cache.isCertain(facts({ issuedAt: 11_000 }))).toBe(false);
    expect(cache.isCertain(facts({ issuedAt: 12_000 }))).toBe(true);
    expect(cache.isCertain(facts({ subject: 'somebody else' }))).toBe(true);
    // An end that took a while to commit was unknown to requests until then, and they issued tokens.
    cache.end({ ...no, all: [{ kind: 'account', target: 'person', at: 12_000 }] }, 15_000);
    expect(cache.isCertain(facts({ issuedAt: 15_000 }))).toBe(false);
    expect(cache.isCertain(facts({ issuedAt: 16_000 }))).toBe(true);
    cache.resync(20_000);
    expect(cache.isCertain(facts({ issuedAt: 19_000 }))).toBe(false);
    expect(cache.isCertain(facts({ issuedAt: 21_000 }))).toBe(true);
  });

  it('knows a bounded number of mass ends, and doubts what is older than those it dropped', () => {
    const cache = new VerdictCache(10);
    const endOf = (n: number) =>
      cache.end({ ...no, all: [{ kind: 'account', target: `person ${n}`, at: 50_000 + n }] }, 50_000);
    for (let n = 0; n < 1_000; n += 1) endOf(n);
    const other = facts({ subject: 'another', issuedAt: 49_000 });
    expect(cache.isCertain(other)).toBe(true);
    endOf(999);
    expect(cache.isCertain(other)).toBe(true);
    endOf(1_000);
    expect(cache.isCertain(other)).toBe(false);
    expect(cache.isCertain(facts({ subject: 'another', issuedAt: 120_000 }))).toBe(true);
  });

  it('comes out as it went in, whatever it is', () => {
    const cache = new VerdictCache(10);
    const whole = facts({
      subject: '0f8fad5b-d9cb-469f-a165-70867728950e',
      sessionId: '01932c07-9d2a-7c3e-8f61-5b0a3d9e4c11',
      audiences: ['https://a.test'],
      scopes: ['read', 'write'],
      issuedAt: 1_700_000_000_000,
      expiresAt: 1_700_000_600_000,
      authenticatedAt: 1_690_000_000_000,
      acr: 'gold',
      amr: ['pwd'],
      idleDeadline: 1_700_001_800_000,
      absoluteDeadline: 1_734_000_000_000,
      sessionStartedAt: 1_690_000_000_000,
      lastActiveAt: 1_699_999_999_000,
    });
    const odd = {
      ...whole,
      subject: 'Ünï',
      sessionId: 'no uuid',
      keyThumbprint: 'k',
      certificateThumbprint: 'c',
    };
    const own = { ...whole, subject: undefined, sessionId: undefined, authenticatedAt: undefined };
    for (const [name, one] of Object.entries({ whole, odd, own }))
      cache.set(hashToken(name), { facts: one, freshUntil: 9e15, touched: true, name: undefined });
    for (const [name, one] of Object.entries({ whole, odd, own }))
      expect(cache.get(hashToken(name), 0)?.facts).toEqual(one);
  });
});
