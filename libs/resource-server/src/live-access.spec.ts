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

  it.each<[string, Partial<TokenFacts>, number]>([
    ['of a person by the end of the session', {}, 3_600_000],
    [
      'of a person by the token where nothing is known of the session',
      { absoluteDeadline: undefined },
      60_000,
    ],
    ['of a client that acts for a person by the token', { actors: ['actor'] }, 60_000],
    ['of clients that act one for another by the token', { actors: ['second', 'first'] }, 60_000],
    [
      'of an actor by the session, if that ends first',
      { actors: ['actor'], absoluteDeadline: 30_000 },
      30_000,
    ],
    ['of a client itself by the token', { sessionId: undefined, absoluteDeadline: undefined }, 60_000],
  ])('are over in time, those %s', (_, particular, expected) => {
    const live = new LiveAccesses();
    const over: string[] = [];
    const common = { ...facts('session'), actors: [], absoluteDeadline: 3_600_000 };
    live.add({ name: 'token', facts: { ...common, ...particular }, onOver: () => over.push('over') });
    live.endPast(expected - 1);
    expect(over).toEqual([]);
    live.endPast(expected);
    expect(over).toEqual(['over']);
  });
});
