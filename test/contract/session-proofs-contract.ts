import { randomBytes } from 'node:crypto';
import { type Instant, instant, plus, seconds } from '@curfew/session-policy';
import {
  type Keeping,
  type ProofRecord,
  ProofUsedBefore,
  type Rotation,
  type SessionStore,
  type StoredSession,
} from '@curfew/sessions/store';
import { aSession, parallel, type StoreUnderTest, storeUnder, t, t0 } from './session-store-under-test.js';

/** The contract of every SessionStore for the proof with which a change was asked for (RFC 9449 §11.1). */
export function describeProofs(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`to the store of sessions ${name}, a proof`, () => {
    const under = storeUnder(open);
    const { both, start, read } = under;
    const moved = (session: StoredSession, at: Instant) => ({
      id: session.id,
      at,
      lastActiveAt: at,
      expiresAt: plus(at, seconds(1800)),
    });
    const rotation = (session: StoredSession, at: Instant, fill: number): Rotation => ({
      ...moved(session, at),
      fromGeneration: session.generation,
      tokenHash: Buffer.concat([Buffer.of(fill), randomBytes(31)]),
      successorSeal: Buffer.alloc(48, fill),
    });
    const aProof = (expiresAt = t(700)): ProofRecord => ({
      kind: 'ReplayDetection',
      idHash: randomBytes(32),
      expiresAt,
    });
    const keeping = (session: StoredSession, at: Instant): Keeping => ({
      ...moved(session, at),
      generation: session.generation,
    });
    /** The outcome: true, false or the name of the error. */
    const tried = (work: Promise<boolean>) => work.catch((error: Error) => error.name);
    const changes: Record<
      string,
      (by: SessionStore, session: StoredSession, at: Instant, proof: ProofRecord) => Promise<boolean>
    > = {
      rotate: (by, session, at, proof) => by.rotate({ ...rotation(session, at, 1), proof }),
      keep: (by, session, at, proof) => by.keep({ ...keeping(session, at), proof }),
    };

    it.each(Object.keys(changes))('lets a session be changed once: %s', async (how) => {
      const change = changes[how]!;
      const [one, two] = [await start(), await start()];
      const proof = aProof();
      expect(await change(under.store, one, t(5), proof)).toBe(true);
      for (const by of [under.opened.other, under.store]) {
        await expect(change(by, two, t(6), proof)).rejects.toThrow(ProofUsedBefore);
        await expect(change(by, await read(one.id), t(6), proof)).rejects.toThrow(ProofUsedBefore);
      }
      expect(await read(two.id)).toMatchObject({ generation: 0, lastActiveAt: t0 });
      expect((await read(one.id)).lastActiveAt).toEqual(t(5));
      expect(await change(under.opened.other, two, t(7), aProof())).toBe(true);
    });

    it.each(Object.keys(changes))('is used up where the session could not be changed: %s', async (how) => {
      const change = changes[how]!;
      const [changed, ended, good] = [await start(), await start(), await start()];
      await under.store.rotate(rotation(changed, t(5), 1));
      await under.store.end([{ id: ended.id, reason: 'logout', at: t(10), detail: {} }]);
      const proofs = parallel(3, async () => aProof());
      const [one, two, three] = (await proofs) as [ProofRecord, ProofRecord, ProofRecord];
      expect(await change(under.store, changed, t(6), one)).toBe(false);
      expect(await change(under.opened.other, ended, t(11), two)).toBe(false);
      expect(await change(under.store, aSession(), t(6), three)).toBe(false);
      for (const proof of [one, two, three])
        await expect(change(under.opened.other, good, t(12), proof)).rejects.toThrow(ProofUsedBefore);
      expect(await read(good.id)).toMatchObject({ generation: 0, lastActiveAt: t0 });
    });

    it.each(Object.keys(changes))('is forgotten at its deadline and no earlier: %s', async (how) => {
      const change = changes[how]!;
      const session = await start();
      const proof = aProof(t(700));
      await change(under.store, await start(), t(5), proof);
      const early = instant(t(700) - 1);
      await expect(
        change(under.opened.other, session, early, { ...proof, expiresAt: t(1400) }),
      ).rejects.toThrow(ProofUsedBefore);
      expect(await change(under.opened.other, session, t(700), { ...proof, expiresAt: t(1400) })).toBe(true);
      await expect(change(under.store, await read(session.id), t(701), proof)).rejects.toThrow(
        ProofUsedBefore,
      );
    });

    it('is used up by one of fifty at once, on two nodes, whatever session each of them is for', async () => {
      const sessions = await parallel(10, () => start());
      const proof = aProof();
      const outcomes = await parallel(50, (index) =>
        tried(changes['rotate']!(both(index), sessions[index % 10]!, t(5), proof)),
      );
      expect(outcomes.filter((outcome) => outcome === true)).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'ProofUsedBefore')).toHaveLength(49);
      const rows = await Promise.all(sessions.map(({ id }) => read(id)));
      expect(rows.filter(({ generation }) => generation === 1)).toHaveLength(1);
    });

    it('of fifty different ones for one session at once, all are used up and one wins', async () => {
      const session = await start();
      const proofs = Array.from({ length: 50 }, () => aProof());
      const outcomes = await parallel(50, (index) =>
        tried(changes['rotate']!(both(index), session, t(5), proofs[index]!)),
      );
      expect(outcomes.filter((outcome) => outcome === true)).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === false)).toHaveLength(49);
      const others = await parallel(50, () => start());
      const again = await parallel(50, (index) =>
        tried(changes['rotate']!(both(index), others[index]!, t(5), proofs[index]!)),
      );
      expect(new Set(again)).toEqual(new Set(['ProofUsedBefore']));
    });

    it('lets its session be changed beside activity that is written at the same moment', async () => {
      const sessions = await parallel(20, () => start());
      const activities = sessions.map(({ id }) => ({ id, at: t(4), expiresAt: t(1804) }));
      const [outcomes] = await Promise.all([
        parallel(20, (index) => changes['rotate']!(both(index), sessions[index]!, t(5), aProof())),
        ...Array.from({ length: 10 }, (_, index) => both(index).touch(activities)),
      ]);
      expect(new Set(outcomes)).toEqual(new Set([true]));
    });

    it('changes nothing for those that come without one, together with those that have one', async () => {
      const sessions = await parallel(40, () => start());
      const known = aProof();
      await changes['rotate']!(under.store, await start(), t(4), known);
      const proofs = [undefined, known, undefined, ...Array.from({ length: 37 }, () => aProof())];
      const outcomes = await parallel(40, (index) =>
        tried(both(index).rotate({ ...rotation(sessions[index]!, t(5), index), proof: proofs[index] })),
      );
      expect(outcomes.filter((outcome) => outcome === true)).toHaveLength(39);
      expect(outcomes[1]).toBe('ProofUsedBefore');
      for (const [index, { id }] of sessions.entries())
        expect((await read(id)).tokenHash![0]).toBe(index === 1 ? 1 : index);
      expect((await read(sessions[1]!.id)).generation).toBe(0);
    });
  });
}
