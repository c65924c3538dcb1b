import { type Instant, instant, type SessionPolicy, seconds } from '@curfew/session-policy';
import { profiles } from '@curfew/session-policy/settings';
import { ActivityRecorder } from './activity.js';
import type { Activity, SessionStore, StoredSession } from './store/session-store.js';

const policy: SessionPolicy = {
  ...profiles.standard.policy,
  activity: 'use',
  inactivityTimeout: seconds(1_800),
};
const sessionOf = (id: string) =>
  ({
    id,
    ended: null,
    signedInAt: instant(0),
    startedAt: instant(0),
    lastActiveAt: instant(0),
    inactivityTimeout: seconds(1_800),
    absoluteDeadline: instant(86_400_000),
    expiresAt: instant(1_800_000),
  }) as unknown as StoredSession;

describe('activity that is not written yet', () => {
  it('is that of as many sessions as may be; of one more it is written before it is answered', async () => {
    const written: string[][] = [];
    const store = {
      touch: async (activities: readonly Activity[]) => void written.push(activities.map(({ id }) => id)),
    } as unknown as SessionStore;
    const recorder = new ActivityRecorder(store, (error) => expect(error).toBeUndefined(), 2);
    const used = (id: string, at: Instant) => recorder.used(sessionOf(id), policy, at);
    await used('a', instant(600_000));
    await used('b', instant(600_000));
    expect(written).toEqual([]);
    expect((await used('c', instant(600_000))).lastActiveAt).toBe(600_000);
    expect(written).toEqual([['c']]);
    await used('a', instant(700_000));
    expect(written).toHaveLength(1);
    expect(recorder.merged(sessionOf('a')).lastActiveAt).toBe(700_000);
    await recorder.flush();
    await used('d', instant(700_000));
    expect(written).toEqual([['c'], ['a', 'b']]);
  });
});
