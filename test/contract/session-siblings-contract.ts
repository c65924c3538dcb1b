import { randomBytes } from 'node:crypto';
import { plus, seconds, unknownSignals } from '@curfew/session-policy';
import { sessionEvent } from '@curfew/sessions';
import type { StoredSession } from '@curfew/sessions/store';
import { parallel, type StoreUnderTest, storeUnder, t } from './session-store-under-test.js';

/** The contract of every SessionStore for the siblings of a session. */
export function describeSiblings(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`to the store of sessions ${name}, siblings`, () => {
    const under = storeUnder(open);
    const { both, start, read } = under;
    const rotate = ({ id }: StoredSession, fromGeneration: number, siblings = 0) =>
      under.store.rotate({
        ...{ id, fromGeneration, at: t(5), lastActiveAt: t(5), expiresAt: plus(t(5), seconds(1_800)) },
        ...{ tokenHash: randomBytes(32), successorSeal: randomBytes(60), siblings },
      });
    const served = (session: StoredSession) => {
      const generations = { presentedGeneration: 0, currentGeneration: 1, secondsSinceRotation: 4 };
      const data = { ...generations, signals: unknownSignals };
      return sessionEvent(session, 'session.sibling_served', data, t(9));
    };

    it('are counted up to the limit however many come at once, and anew with the next generation', async () => {
      const session = await start();
      await rotate(session, 0);
      const counted = await parallel(50, (index) =>
        both(index).countSibling(session.id, 1, 7, [served(session)]),
      );
      expect(counted.filter(Boolean)).toHaveLength(7);
      expect(await read(session.id)).toMatchObject({ siblings: 7, generation: 1, lastActiveAt: t(5) });
      await rotate(session, 1);
      expect((await read(session.id)).siblings).toBe(0);
      expect(await under.store.countSibling(session.id, 1, 7, [served(session)])).toBe(false);
      expect(await under.store.countSibling(session.id, 2, 7, [served(session)])).toBe(true);
    });

    it('are counted from where the rotation begins them, so none where it begins at the largest number', async () => {
      const session = await start();
      await rotate(session, 0, 2_147_483_647);
      expect((await read(session.id)).siblings).toBe(2_147_483_647);
      expect(await under.store.countSibling(session.id, 1, 2_147_483_647, [served(session)])).toBe(false);
      await rotate(session, 1);
      expect(await under.store.countSibling(session.id, 2, 1, [served(session)])).toBe(true);
    });

    it('are not counted once an end was acknowledged, of the session or of everything of its client', async () => {
      const [one, other] = [await start(), await start()];
      const at = t(6);
      await under.store.end([{ id: one.id, reason: 'logout', at, detail: {} }]);
      const target = other.clientId;
      await under.store.endAll({ kind: 'client', target, reason: 'client_disabled', at, detail: {} });
      for (const session of [one, other])
        expect(await under.store.countSibling(session.id, 0, 7, [served(session)])).toBe(false);
    });
  });
}
