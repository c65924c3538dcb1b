import type { Statements } from '@curfew/persistence';
import { EndAnnouncer } from './end-announcer.js';

/** The sessions that are announced when the database is back, after so many could not be. */
async function announcedAfter(count: number): Promise<readonly string[]> {
  let isAway = true;
  const announced: string[] = [];
  const statements = {
    run: async (_: unknown, [, payloads]: [string, string[]]) => {
      if (isAway) throw new RangeError('no database');
      announced.push(...payloads.flatMap((payload) => payload.split(' ')));
      return [];
    },
  } as unknown as Statements;
  const announcer = new EndAnnouncer(statements, (error) => expect(error).toBeInstanceOf(RangeError));
  for (let n = 0; n < count; n += 1) announcer.sessions([`session-${n}`]);
  await announcer.settle();
  isAway = false;
  announcer.sessions(['last-one']);
  await announcer.settle();
  return announced;
}

it('announcements that wait are ten thousand that the database did not take, and of one more the oldest is dropped', async () => {
  const all = await announcedAfter(9_999);
  expect([all[0], all.filter((id) => id.startsWith('session-')).length]).toEqual(['session-0', 9_999]);
  const without = await announcedAfter(10_000);
  expect([without[0], without.filter((id) => id.startsWith('session-')).length]).toEqual([
    'session-1',
    9_999,
  ]);
});
