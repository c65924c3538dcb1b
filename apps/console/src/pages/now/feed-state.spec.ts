import { type FeedEvent, FeedMemory } from './feed-state.js';

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
  it('stays bounded over two hundred thousand events, and keeps the latest and the sums', () => {
    const memory = new FeedMemory();
    const all = Array.from({ length: 200_000 }, (_, index) =>
      event(index, 'session.ended', { reason: 'logout' }),
    );
    for (let at = 0; at < all.length; at += 1_000) memory.take(all.slice(at, at + 1_000));
    expect(memory.events).toHaveLength(400);
    expect(memory.events[0]?.id).toBe('199999');
    expect(memory.ends.length).toBeLessThanOrEqual(121);
    expect(memory.ends.at(-1)?.byReason.get('logout')).toBe(100);
    expect(memory.sums).toMatchObject({ events: 200_000, ended: 200_000 });
  });

  it('counts what an event stands for', () => {
    const memory = new FeedMemory();
    memory.take([
      event(1, 'sessions.refreshed', { count: 40 }),
      event(2, 'request.refused', { count: 3 }),
      event(3, 'session.refresh_refused'),
    ]);
    expect(memory.sums).toEqual({ events: 3, refreshes: 40, refusals: 4, ended: 0 });
  });
});
