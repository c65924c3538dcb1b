import { LiveAccesses } from './live-access.js';
import type { TokenFacts } from './token-facts.js';

const facts = (sessionId: string | undefined) =>
  ({ sessionId, subject: 'person', clientId: 'client', issuedAt: 0, expiresAt: 60_000 }) as TokenFacts;

describe('connections that end with their session', () => {
  it('take their entry along when they close, whichever way that comes', () => {
    const live = new LiveAccesses();
    let over = 0;
    const add = (sessionId: string | undefined) =>
      live.add({ name: 'token', facts: facts(sessionId), onOver: () => (over += 1) });
    const forget = Array.from({ length: 1_000 }, (_, n) => add(n % 2 ? `session ${n % 10}` : undefined));
    expect(live.size).toBe(1_000);
    for (const one of forget.slice(10)) one();
    expect(live.size).toBe(10);
    live.end({ sessions: ['session 1'], tokens: [], all: [] });
    expect([live.size, over]).toEqual([9, 1]);
    forget[1]!();
    live.endAll();
    expect([live.size, over]).toEqual([0, 10]);
  });
});
