import { type FeedEvent, FeedMemory } from './feed-state.js';
import { sumsOf, totalOf } from './per-second.js';

const event = (index: number, type = 'session.ended', data: Record<string, unknown> = {}): FeedEvent => ({
  id: String(index),
  at: new Date(1_800_000_000_000 + index * 10).toISOString(),
  type,
  session_id: null,
  account_id: null,
  username: null,
  client_id: null,
  by: null,
  data,
  position: String(index),
});

describe('what the page of this moment remembers', () => {
  it('counts what an event stands for', () => {
    const memory = new FeedMemory();
    memory.take([
      event(1, 'sessions.refreshed', { count: 40 }),
      event(2, 'request.refused', { count: 3, cause: 'bad_scope' }),
      event(3, 'session.refresh_refused'),
    ]);
    const now = 1_800_000_001;
    expect(sumsOf(memory.refreshes.seconds, now)).toEqual(new Map([['sessions.refreshed', 40]]));
    expect(sumsOf(memory.refusals.seconds, now)).toEqual(
      new Map([
        ['bad_scope', 3],
        ['unknown', 1],
      ]),
    );
    expect(totalOf(sumsOf(memory.all.seconds, now))).toBe(3);
    expect(totalOf(sumsOf(memory.all.seconds, now + 120))).toBe(0);
  });
});
