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
  it('stays bounded over two hundred thousand events, and keeps the latest and the counts of seconds', () => {
    const memory = new FeedMemory();
    const all = Array.from({ length: 200_000 }, (_, index) =>
      event(index, 'session.ended', { reason: 'logout' }),
    );
    for (let at = 0; at < all.length; at += 1_000) memory.take(all.slice(at, at + 1_000));
    expect(memory.events).toHaveLength(400);
    expect(memory.events[0]?.id).toBe('199999');
    for (const { seconds } of [memory.all, memory.ends]) expect(seconds.length).toBeLessThanOrEqual(121);
    expect(memory.ends.seconds.at(-1)?.byName.get('logout')).toBe(100);
  });
});
