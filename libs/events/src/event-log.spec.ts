import { type Instant, instant } from '@curfew/session-policy';
import { type CountedEvent, Tallies } from './event-log.js';

const start = Date.UTC(2030, 0, 1);
const at = (second: number): Instant => instant(start + second * 1000);
const event = (
  type: 'token.unknown' | 'sessions.refreshed',
  key: string,
  second: number,
  ip: string | null,
) =>
  ({
    id: key,
    at: at(second),
    type,
    sessionId: null,
    accountId: null,
    clientId: key,
    data: { ip, count: 1 },
  }) as unknown as CountedEvent;

class World {
  readonly tallies = new Tallies();

  shown(second: number, key = 'web', address: string | null = null): boolean {
    return this.tallies.add(
      'token.unknown',
      key,
      (told) => event('token.unknown', key, second, told),
      address,
    );
  }

  used(second: number, key = 'web'): boolean {
    const first = () => event('sessions.refreshed', key, second, null);
    return this.tallies.add('sessions.refreshed', key, first, null);
  }

  counts(second?: number): number[] {
    return this.tallies.due(second === undefined ? undefined : at(second)).map(({ data }) => data.count);
  }
}

describe('counts', () => {
  it('are due at once, then when they have doubled, then when their minute is over', () => {
    const world = new World();
    const rows = Array.from({ length: 59 }, (_, second) => {
      world.shown(second);
      return world.counts(second);
    }).flat();
    expect(rows).toEqual([1, 1, 2, 4, 8, 16]);
    expect(world.counts(60)).toEqual([27]);
    world.shown(61);
    expect(world.counts(61)).toEqual([1]);
  });

  it('of a flood in one second are one row, and a second one of all that followed', () => {
    const world = new World();
    for (let n = 0; n < 100_000; n += 1) world.shown(0);
    expect(world.counts(0)).toEqual([100_000]);
    for (let n = 0; n < 99_999; n += 1) world.shown(1);
    expect([world.counts(1), world.counts(60)]).toEqual([[], [99_999]]);
  });

  it('of everyday use are one row a minute', () => {
    const world = new World();
    for (let second = 0; second < 60; second += 1) {
      world.used(second);
      expect(world.counts(second)).toEqual([]);
    }
    expect(world.counts(60)).toEqual([60]);
  });

  it('leave nothing behind at the end, and are not held back by a clock that was set back', () => {
    const world = new World();
    world.shown(0);
    world.counts(0);
    for (const second of [1, 1, 2, 2, 2]) world.shown(second);
    world.used(2);
    expect(world.counts(-61)).toEqual([5, 1]);
    world.shown(3);
    expect([world.counts(), world.tallies.size]).toEqual([[1], 0]);
  });

  it('begin each row with the first occurrence that is not written yet', () => {
    const world = new World();
    for (const second of [3, 10, 20]) {
      world.shown(second);
      if (second !== 10) world.tallies.due(at(second));
    }
    world.shown(30);
    expect(world.tallies.due().map((row) => row.at)).toEqual([at(30)]);
  });

  it('tell twenty addresses of one key apart within a minute, and count the others together', () => {
    const world = new World();
    const rows = (second: number) =>
      world.tallies.due(at(second)).map(({ data }) => data as { ip: string | null });
    for (let n = 0; n < 19; n += 1) world.shown(0, 'web', `192.0.2.${n}`);
    rows(0);
    for (let n = 19; n < 40; n += 1) world.shown(1, 'web', `192.0.2.${n}`);
    world.shown(1, 'spa', '192.0.2.99');
    expect(rows(1).map(({ ip }) => ip)).toEqual(['192.0.2.19', null, '192.0.2.99']);
    rows(60);
    world.shown(61, 'web', '192.0.2.39');
    expect(rows(61).map(({ ip }) => ip)).toEqual(['192.0.2.39']);
  });

  it('hold ten thousand keys of each kind between two writings, and refuse one more', () => {
    const world = new World();
    const taken = Array.from({ length: 10_000 }, (_, n) => world.shown(0, `${n}`));
    expect(taken.filter(Boolean)).toHaveLength(10_000);
    expect([world.shown(0, 'one more'), world.shown(0, '7'), world.used(0, 'apart')]).toEqual([
      false,
      true,
      true,
    ]);
    // All that is crowded is written and makes room, long before its minute is over.
    expect(world.counts(1)).toHaveLength(10_000);
    expect([world.shown(1, 'one more'), world.tallies.size]).toEqual([true, 2]);
  });
});
