import type { TokenFacts } from './token-facts.js';
import { VerdictCache } from './verdict-cache.js';

const facts = (changes: Partial<TokenFacts> = {}): TokenFacts => ({
  subject: 'person',
  clientId: 'client',
  sessionId: 'session',
  issuer: 'https://login.example.com',
  audiences: [],
  scopes: [],
  issuedAt: 10_000,
  expiresAt: 600_000,
  authenticatedAt: undefined,
  acr: undefined,
  amr: [],
  idleDeadline: undefined,
  absoluteDeadline: undefined,
  sessionStartedAt: undefined,
  lastActiveAt: undefined,
  keyThumbprint: undefined,
  certificateThumbprint: undefined,
  ...changes,
});
const remembered = (changes: Partial<TokenFacts> = {}, freshUntil = 1_000, name?: string) => ({
  facts: facts(changes),
  freshUntil,
  touched: true,
  name,
});
const no = { sessions: [], tokens: [], all: [] };

describe('what a resource server remembers', () => {
  it('is forgotten at its time', () => {
    const cache = new VerdictCache(10);
    cache.set('a', remembered());
    expect(cache.get('a', 999)).toBeDefined();
    expect(cache.get('a', 1_000)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('is bounded, and the oldest goes first', () => {
    const cache = new VerdictCache(2);
    for (const hash of ['a', 'b', 'c']) cache.set(hash, remembered({ sessionId: hash }));
    expect([cache.size, cache.get('a', 0), cache.get('c', 0)?.facts.sessionId]).toEqual([2, undefined, 'c']);
  });

  it('goes with the session, all its tokens at once, and the session stays ended', () => {
    const cache = new VerdictCache(10);
    cache.set('a', remembered());
    cache.set('b', remembered());
    cache.set('other', remembered({ sessionId: 'other' }));
    cache.end({ ...no, sessions: ['session'] }, 0);
    expect([cache.get('a', 0), cache.get('b', 0), cache.size]).toEqual([undefined, undefined, 1]);
    expect(cache.hasEnded('whatever', 'session')).toBe(true);
  });

  it('goes with a single revoked token, by its own name where it has one', () => {
    const cache = new VerdictCache(10);
    cache.set('a', remembered());
    cache.set('jwt', remembered({}, 1_000, 'id of the jwt'));
    cache.end({ ...no, tokens: ['a', 'id of the jwt'] }, 0);
    expect(cache.size).toBe(0);
    expect(cache.hasEnded('a', undefined)).toBe(true);
  });

  it.each([
    ['account', 'person', 1],
    ['client', 'client', 1],
    ['account', 'client', 2],
    ['everyone', '', 0],
  ] as const)('goes with a mass end of %s %s', (kind, target, left) => {
    const cache = new VerdictCache(10);
    cache.set('a', remembered());
    cache.set('b', remembered({ subject: 'somebody else', clientId: 'another' }));
    const { generation } = cache;
    cache.end({ ...no, all: [{ kind, target, at: 0 }] }, 0);
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
    cache.resync(20_000);
    expect(cache.isCertain(facts({ issuedAt: 19_000 }))).toBe(false);
    expect(cache.isCertain(facts({ issuedAt: 21_000 }))).toBe(true);
  });

  it('knows a bounded number of ends, and doubts what is older than those it dropped', () => {
    const cache = new VerdictCache(10);
    cache.end({ ...no, sessions: Array.from({ length: 100_001 }, (_, i) => `s${i}`) }, 50_000);
    expect([cache.hasEnded('', 's0'), cache.hasEnded('', 's100000')]).toEqual([false, true]);
    expect(cache.isCertain(facts({ sessionId: 's0', issuedAt: 40_000 }))).toBe(false);
  });
});
