import { randomUUID } from 'node:crypto';
import {
  type Instant,
  instant,
  plus,
  type RequestSignals,
  type SessionId,
  seconds,
  unknownSignals,
} from '@curfew/session-policy';
import { sessionEvent } from '@curfew/sessions';
import {
  AuthorizationEnded,
  type End,
  type Lineage,
  type Rotation,
  type StoredSession,
  type SweepStore,
  TooManySessions,
} from '@curfew/sessions/store';
import { newId } from '@curfew/tokens';

import {
  alone,
  aSession,
  hashStartingWith,
  parallel,
  type StoreUnderTest,
  storeUnder,
  t,
  t0,
  unlimited,
} from './session-store-under-test.js';

/** The contract of every SessionStore and SweepStore; run on each of them. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the store of sessions ${name}`, () => {
    const under = storeUnder(open);
    const { both, start, read } = under;
    const rotation = (session: StoredSession, at: Instant, fill: number): Rotation => ({
      id: session.id,
      fromGeneration: session.generation,
      at,
      lastActiveAt: at,
      expiresAt: plus(at, seconds(1800)),
      tokenHash: hashStartingWith(fill),
      successorSeal: Buffer.alloc(48, fill),
    });
    const anEnd = (session: StoredSession, overrides: Partial<End> = {}): End => ({
      id: session.id,
      reason: 'logout',
      at: t(10),
      detail: {},
      ...overrides,
    });
    const eventsOf = async (session: StoredSession) =>
      (await under.opened.events()).filter(({ sessionId }) => sessionId === session.id);

    describe('start', () => {
      it('gives back every member as it was written, to the millisecond', async () => {
        const session = aSession({
          signedInAt: instant(t0 + 123),
          startedAt: instant(t0 + 457),
          browserSessionUid: 'browser-1',
          offline: true,
          keyThumbprint: 'thumb',
          baseline: { ...unknownSignals, ip: '192.0.2.1', asn: 64500 },
          authorization: { scope: 'openid a', nonce: 'ünï"\\', grant: { openid: { scope: 'openid' } } },
          resources: ['https://a.example', 'https://b.example'],
        });
        await under.store.start(session, unlimited, alone);
        const found = await under.store.read(session.id);
        expect({ ...found!.session, tokenHash: [...found!.session.tokenHash!] }).toEqual({
          ...session,
          tokenHash: [...session.tokenHash!],
        });
        expect([found!.notBefore, found!.tokenRevoked]).toEqual([[], false]);
        expect((await eventsOf(session)).map(({ type }) => type)).toEqual(['session.started']);
      });

      it('starts nothing when what must happen alongside fails', async () => {
        const session = aSession();
        const fails = async () => {
          throw new Error('the code was used');
        };
        await expect(under.store.start(session, unlimited, fails)).rejects.toThrow('the code was used');
        expect(await under.store.read(session.id)).toBeUndefined();
        expect(await eventsOf(session)).toEqual([]);
      });

      it('refuses what a mass end killed, up to its very millisecond', async () => {
        const session = aSession();
        const massEnd = { kind: 'account', target: session.accountId, reason: 'account_disabled' } as const;
        await under.store.endAll({ ...massEnd, at: session.signedInAt, detail: {} });
        await expect(under.store.start(session, unlimited, alone)).rejects.toThrow(AuthorizationEnded);
        const later = { ...aSession({ signedInAt: instant(t0 + 1) }), accountId: session.accountId };
        await under.store.start(later, unlimited, alone);
        expect((await read(later.id)).ended).toBeNull();
      });

      it('keeps the limit among fifty sign-ins of one account on two nodes: the oldest are ended', async () => {
        const accountId = randomUUID();
        const limit = { most: 3, whenFull: 'end_oldest' } as const;
        await parallel(50, (index) => both(index).start(aSession({ accountId }), limit, alone));
        const ids = (await under.opened.events())
          .filter((event) => event.accountId === accountId && event.type === 'session.started')
          .map(({ sessionId }) => sessionId!);
        const live = (await Promise.all(ids.map(read))).filter(({ ended }) => !ended);
        expect([ids.length, live.length]).toEqual([50, 3]);
        const ended = (await Promise.all(ids.map(read))).filter(({ ended }) => ended);
        expect(new Set(ended.map(({ ended }) => ended!.reason))).toEqual(new Set(['session_limit']));
      });

      it('keeps the limit among fifty sign-ins of one account on two nodes: new ones are refused', async () => {
        const accountId = randomUUID();
        const limit = { most: 2, whenFull: 'refuse_new' } as const;
        const outcomes = await Promise.allSettled(
          Array.from({ length: 50 }, (_, index) => both(index).start(aSession({ accountId }), limit, alone)),
        );
        const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
        expect(refused).toHaveLength(48);
        expect(refused.every(({ reason }) => reason instanceof TooManySessions && reason.limit === 2)).toBe(
          true,
        );
      });

      it('counts neither ended, nor expired, nor killed sessions against the limit', async () => {
        const accountId = randomUUID();
        const [ended, killed] = [await start({ accountId }), await start({ accountId })];
        await start({ accountId });
        await under.store.end([anEnd(ended)]);
        await under.store.endAll({
          kind: 'client',
          target: killed.clientId,
          reason: 'client_disabled',
          at: t0,
          detail: {},
        });
        const late = aSession({ accountId, signedInAt: t(1800) });
        await under.store.start(late, { most: 1, whenFull: 'refuse_new' }, alone);
        expect((await read(late.id)).ended).toBeNull();
      });

      it('heals sessions that await a step-up, of that client in that browser only, each with its event', async () => {
        const place = { accountId: randomUUID(), clientId: 'web', browserSessionUid: `b-${randomUUID()}` };
        const waiting = await start(place);
        const others = [
          await start({ ...place, browserSessionUid: 'another browser' }),
          await start({ ...place, clientId: 'another client' }),
          await start(place),
        ];
        const demanded = t(60);
        for (const session of [waiting, others[0]!, others[1]!])
          await under.store.requireStepUp(session.id, demanded, []);
        const signals: RequestSignals = { ...unknownSignals, ip: '192.0.2.7' };
        const now = t(100);
        const fresh = aSession({ ...place, signedInAt: now });
        await under.store.start(fresh, unlimited, alone, { ...place, authenticatedAt: t(90), signals });
        const healed = await read(waiting.id);
        expect(healed).toMatchObject({
          baseline: signals,
          steppedUpAt: t(90),
          lastActiveAt: now,
          expiresAt: t(1900),
        });
        for (const other of others) expect((await read(other.id)).baseline).toEqual(unknownSignals);
        expect((await eventsOf(waiting)).map(({ type }) => type)).toEqual([
          'session.started',
          'session.stepped_up',
        ]);
      });

      it('heals nothing by a sign-in from before the demand', async () => {
        const place = { accountId: randomUUID(), clientId: 'web', browserSessionUid: `b-${randomUUID()}` };
        const waiting = await start(place);
        await under.store.requireStepUp(waiting.id, t(60), []);
        const stepUp = { ...place, authenticatedAt: t(59), signals: unknownSignals };
        await under.store.start(aSession({ ...place, signedInAt: t(100) }), unlimited, alone, stepUp);
        expect((await read(waiting.id)).steppedUpAt).toBeNull();
      });
    });

    describe('rotate', () => {
      it('lets exactly one of fifty win, on two nodes', async () => {
        const session = await start();
        const won = await parallel(50, (index) => both(index).rotate(rotation(session, t(5), index)));
        expect(won.filter(Boolean)).toHaveLength(1);
        const winner = won.indexOf(true);
        expect(await read(session.id)).toMatchObject({ generation: 1, retries: 0, rotatedAt: t(5) });
        expect((await read(session.id)).tokenHash![0]).toBe(winner);
        expect([...(await read(session.id)).successorSeal!]).toEqual([...Buffer.alloc(48, winner)]);
      });

      it('changes only its own session when many rotate at once', async () => {
        const sessions = await parallel(20, () => start());
        const won = await Promise.all(
          sessions.flatMap((session, index) => [
            under.opened.store.rotate(rotation(session, t(5), index)),
            under.opened.other.rotate(rotation(session, t(5), index)),
          ]),
        );
        expect(won.filter(Boolean)).toHaveLength(20);
        for (const [index, session] of sessions.entries())
          expect((await read(session.id)).tokenHash![0]).toBe(index);
      });

      it('refuses another generation, an ended session, one past its expiry, and one that never was', async () => {
        const session = await start();
        expect(await under.store.rotate({ ...rotation(session, t(5), 1), fromGeneration: 1 })).toBe(false);
        expect(await under.store.rotate(rotation(session, t(1800), 1))).toBe(false);
        expect(await under.store.rotate(rotation(aSession(), t(5), 1))).toBe(false);
        await under.store.end([anEnd(session)]);
        expect(await under.store.rotate(rotation(session, t(11), 1))).toBe(false);
        expect((await read(session.id)).generation).toBe(0);
      });

      it('works up to the last millisecond before the expiry', async () => {
        const session = await start();
        expect(await under.store.rotate(rotation(session, instant(t(1800) - 1), 1))).toBe(true);
      });

      it('never moves activity back, and keeps the deadline of activity that came between', async () => {
        const session = await start();
        await under.store.touch([{ id: session.id, at: t(100), expiresAt: t(1900) }]);
        const stale = { ...rotation(session, t(50), 1), lastActiveAt: t0, expiresAt: t(1800) };
        expect(await under.store.rotate(stale)).toBe(true);
        expect(await read(session.id)).toMatchObject({
          generation: 1,
          lastActiveAt: t(100),
          expiresAt: t(1900),
        });
      });

      it('may bring the deadline forward, when a shorter policy was decided under', async () => {
        const session = await start();
        expect(await under.store.rotate({ ...rotation(session, t(5), 1), expiresAt: t(65) })).toBe(true);
        expect((await read(session.id)).expiresAt).toBe(t(65));
      });
    });

    describe('keep', () => {
      it('moves the clock of the session and nothing else, under the conditions of a rotation', async () => {
        const session = await start();
        const keeping = { id: session.id, generation: 0, at: t(9), lastActiveAt: t(9) };
        expect(await under.store.keep({ ...keeping, expiresAt: t(1809) })).toBe(true);
        expect(await read(session.id)).toMatchObject({
          generation: 0,
          lastActiveAt: t(9),
          expiresAt: t(1809),
        });
        expect(await under.store.keep({ ...keeping, generation: 1, expiresAt: t(1809) })).toBe(false);
        expect(await under.store.keep({ ...keeping, at: t(1809), expiresAt: t(9999) })).toBe(false);
        await under.store.end([anEnd(session)]);
        expect(await under.store.keep({ ...keeping, at: t(20), expiresAt: t(1820) })).toBe(false);
      });
    });

    describe('retries', () => {
      it('are counted one at a time: of fifty that saw the same count, one is counted', async () => {
        const session = await start();
        const counted = await parallel(50, (index) => both(index).countRetry(session.id, 0, 0));
        expect(counted.filter(Boolean)).toHaveLength(1);
        expect((await read(session.id)).retries).toBe(1);
      });

      it('start anew with the next generation', async () => {
        const session = await start();
        await under.store.countRetry(session.id, 0, 0);
        await under.store.rotate(rotation(session, t(5), 1));
        expect((await read(session.id)).retries).toBe(0);
        expect(await under.store.countRetry(session.id, 0, 1)).toBe(false);
      });

      it('stand only while the generation does and nothing has ended the session', async () => {
        const session = await start();
        expect(await under.store.stands(session.id, 0)).toBe(true);
        expect(await under.store.stands(session.id, 1)).toBe(false);
        const earlier = { reason: 'client_disabled', at: instant(t0 - 1), detail: {} } as const;
        await under.store.endAll({ kind: 'client', target: session.clientId, ...earlier });
        expect(await under.store.stands(session.id, 0)).toBe(true);
        await under.store.end([anEnd(session)]);
        expect(await under.store.stands(session.id, 0)).toBe(false);
        expect(await under.store.countRetry(session.id, 0, 0)).toBe(false);
      });
    });

    describe('touch', () => {
      it('moves activity on, never back, for many sessions at once', async () => {
        const [one, two] = [await start(), await start()];
        await under.store.touch([
          { id: one.id, at: t(100), expiresAt: t(1900) },
          { id: two.id, at: t(200), expiresAt: t(2000) },
        ]);
        await under.store.touch([{ id: one.id, at: t(50), expiresAt: t(1850) }]);
        expect(await read(one.id)).toMatchObject({ lastActiveAt: t(100), expiresAt: t(1900) });
        expect(await read(two.id)).toMatchObject({ lastActiveAt: t(200), expiresAt: t(2000) });
      });

      it('revives nothing: neither what has ended nor what had expired', async () => {
        const [ended, expired] = [await start(), await start()];
        await under.store.end([anEnd(ended)]);
        await under.store.touch([
          { id: ended.id, at: t(100), expiresAt: t(1900) },
          { id: expired.id, at: t(1800), expiresAt: t(3600) },
          { id: newId(t0), at: t(1), expiresAt: t(1801) },
        ]);
        expect((await read(ended.id)).lastActiveAt).toBe(t0);
        expect((await read(expired.id)).expiresAt).toBe(t(1800));
      });

      it('from two nodes at once, over the same sessions, neither fails nor loses the later activity', async () => {
        const sessions = await parallel(30, () => start());
        const activity = (at: number) =>
          sessions.map(({ id }) => ({ id, at: t(at), expiresAt: t(at + 1800) }));
        await parallel(10, (index) =>
          both(index).touch(index % 2 ? activity(index).reverse() : activity(index)),
        );
        for (const { id } of sessions) expect((await read(id)).lastActiveAt).toBe(t(9));
      });
    });

    describe('step-up', () => {
      it('is demanded once until it is made, with one event', async () => {
        const session = await start();
        const required = () =>
          sessionEvent(session, 'session.step_up_required', { findings: [], signals: unknownSignals }, t(5));
        await parallel(10, (index) => both(index).requireStepUp(session.id, t(5 + index), [required()]));
        const types = (await eventsOf(session)).map(({ type }) => type);
        expect(types.filter((type) => type === 'session.step_up_required')).toHaveLength(1);
      });

      it('is not demanded of what has ended', async () => {
        const session = await start();
        await under.store.end([anEnd(session)]);
        await under.store.requireStepUp(session.id, t(20), []);
        expect((await read(session.id)).stepUpRequiredAt).toBeNull();
      });
    });

    describe('end', () => {
      it('of fifty at once, one ends the session, with one reason and one event', async () => {
        const session = await start();
        const reasons = ['logout', 'revoked_by_client', 'ended_by_user'] as const;
        const ended = await parallel(50, (index) =>
          both(index).end([anEnd(session, { reason: reasons[index % 3]!, at: t(10 + index) })]),
        );
        const mine = ended.flat();
        expect(mine).toHaveLength(1);
        expect((await read(session.id)).ended).toEqual({ at: mine[0]!.at, reason: mine[0]!.reason });
        const told = (await eventsOf(session)).filter(({ type }) => type === 'session.ended');
        expect(told.map(({ data }) => data['reason'])).toEqual([mine[0]!.reason]);
      });

      it('writes what goes along only if it really ended something', async () => {
        const session = await start();
        const found = () => sessionEvent(session, 'session.stepped_up', { signals: unknownSignals }, t(9));
        expect(await under.store.end([anEnd(session)], { events: [found()] })).toHaveLength(1);
        expect(await under.store.end([anEnd(session)], { events: [found()] })).toEqual([]);
        expect((await eventsOf(session)).map(({ type }) => type).sort()).toEqual([
          'session.ended',
          'session.started',
          'session.stepped_up',
        ]);
      });

      it('of many acts at once leaves each act whole: what goes with it comes once, and only if it ended something', async () => {
        const sessions = await parallel(20, () => start());
        // Each act names three sessions, so three acts on two nodes name each session; every fourth act is late by the clock.
        const acts = sessions.map((session, index) => {
          const named = [0, 1, 2].map((next) => sessions[(index + next) % 20]!);
          const late = index % 4 === 0 ? { ifLastActiveAt: instant(t0 - 1) } : {};
          const along = sessionEvent(session, 'session.stepped_up', { signals: unknownSignals }, t(9));
          return { ends: named.map((one) => anEnd(one, late)), along };
        });
        const ended = await parallel(20, (index) =>
          both(index).end(acts[index]!.ends, { events: [acts[index]!.along] }),
        );
        const idsOf = (some: readonly { id: string }[]) => some.map(({ id }) => id).sort();
        expect(idsOf(ended.flat())).toEqual(idsOf(sessions));
        for (const [index, session] of sessions.entries()) {
          const ids = idsOf(ended[index]!);
          expect(idsOf(index % 4 === 0 ? [] : acts[index]!.ends)).toEqual(expect.arrayContaining(ids));
          const told = (await eventsOf(session)).map(({ type }) => type).sort();
          const along = ids.length > 0 ? ['session.stepped_up'] : [];
          expect(told).toEqual(['session.ended', 'session.started', ...along]);
        }
      });

      it('takes the whole account along in the same commit, where asked to', async () => {
        const accountId = randomUUID();
        const [one, two] = [await start({ accountId }), await start({ accountId })];
        const all = {
          kind: 'account',
          target: accountId,
          at: t(10),
          detail: { because: one.id },
        } as const;
        const ended = await under.store.end([anEnd(one, { reason: 'refresh_token_reuse' })], {
          all: { ...all, reason: 'refresh_token_reuse' },
        });
        expect(ended.map(({ id }) => id).sort()).toEqual([one.id, two.id].sort());
        expect((await eventsOf(two)).at(-1)!.data).toMatchObject({ because: one.id });
        expect(await under.store.end([anEnd(one)], { all: { ...all, reason: 'logout' } })).toEqual([]);
      });

      it('by the clock, gives way to activity that was written since the decision', async () => {
        const session = await start();
        await under.store.touch([{ id: session.id, at: t(100), expiresAt: t(1900) }]);
        const timeout = { reason: 'inactivity_timeout', at: t(1800) } as const;
        expect(await under.store.end([anEnd(session, { ...timeout, ifLastActiveAt: t0 })])).toEqual([]);
        expect(await under.store.end([anEnd(session, { ...timeout, ifLastActiveAt: t(100) })])).toHaveLength(
          1,
        );
      });

      it('wins against a rotation that comes at the same moment, whoever is first', async () => {
        for (let round = 0; round < 10; round++) {
          const session = await start();
          const [rotated, ended] = await Promise.all([
            under.opened.store.rotate(rotation(session, t(5), 1)),
            under.opened.other.end([anEnd(session)]),
          ]);
          expect(ended).toHaveLength(1);
          const now = await read(session.id);
          expect([now.ended?.reason, now.generation]).toEqual(['logout', rotated ? 1 : 0]);
          expect(await under.store.rotate({ ...rotation(now, t(12), 2) })).toBe(false);
        }
      });
    });

    describe('endAll', () => {
      const massEnd = { kind: 'account', reason: 'account_disabled', at: t(10), detail: {} } as const;

      it('kills everything authorized until then and nothing later, with an event of its own and one each', async () => {
        const accountId = randomUUID();
        const [one, two] = [await start({ accountId }), await start({ accountId, signedInAt: t(10) })];
        const later = await start({ accountId, signedInAt: instant(t(10) + 1) });
        const stranger = await start();
        const note = 'lost laptop';
        const ended = await under.store.endAll({ ...massEnd, target: accountId, detail: { note } });
        expect(ended.map(({ id }) => id).sort()).toEqual([one.id, two.id].sort());
        for (const session of [one, two])
          expect((await read(session.id)).ended).toEqual({ at: t(10), reason: 'account_disabled' });
        for (const session of [later, stranger]) expect((await read(session.id)).ended).toBeNull();
        const together = (await under.opened.events()).filter(
          ({ type, accountId: whose }) => type === 'sessions.ended_together' && whose === accountId,
        );
        expect(together.map(({ data }) => data)).toEqual([
          { kind: 'account', reason: 'account_disabled', notBefore: t(10), note },
        ]);
        expect((await eventsOf(one)).at(-1)!.data).toEqual({ reason: 'account_disabled', note });
      });

      it('shows in a read whose row does not know it yet', async () => {
        const session = await start({ signedInAt: instant(t0 - 1000) });
        await under.store.endAll({
          kind: 'everyone',
          target: '',
          reason: 'restored_from_backup',
          at: instant(t0 - 500),
          detail: {},
        });
        const found = await under.store.read(session.id);
        expect(found!.notBefore).toEqual([
          { kind: 'everyone', at: t0 - 500, reason: 'restored_from_backup' },
        ]);
        expect(await under.store.stands(session.id, 0)).toBe(false);
        while ((await under.opened.sweep.settle(t(0), 50)) > 0);
        expect((await read(session.id)).ended).toEqual({ at: t0 - 500, reason: 'restored_from_backup' });
      });

      it('never moves back, and keeps the reason of the later instant', async () => {
        const session = aSession({ signedInAt: t(20) });
        const mass = { ...massEnd, target: session.accountId };
        await under.store.endAll({ ...mass, at: t(30) });
        await under.store.endAll({ ...mass, at: t(5), reason: 'password_changed' });
        const killed = under.store.start(session, unlimited, alone);
        await expect(killed).rejects.toMatchObject({ reason: 'account_disabled' });
      });

      it('of many sessions ends every one exactly once, with two nodes settling', async () => {
        const accountId = randomUUID();
        const sessions = await parallel(40, () => start({ accountId }));
        await under.store.endAll({ ...massEnd, target: accountId });
        await Promise.all([under.opened.sweep.settle(t(11), 7), under.opened.otherSweep.settle(t(11), 7)]);
        while ((await under.opened.sweep.settle(t(11), 7)) > 0);
        for (const session of sessions)
          expect((await eventsOf(session)).filter(({ type }) => type === 'session.ended')).toHaveLength(1);
      });
    });

    describe('single access tokens', () => {
      it('are revoked alone, recorded once, and forgotten when they have expired', async () => {
        const session = await start();
        const [hash, another] = [Buffer.alloc(32, 77), Buffer.alloc(32, 78)];
        const revoked = () => sessionEvent(session, 'token.revoked', { token: 'access_token' }, t(1));
        await parallel(10, (index) => both(index).revokeAccessToken(hash, t(600), revoked()));
        expect((await under.store.read(session.id, hash))!.tokenRevoked).toBe(true);
        expect((await under.store.read(session.id, another))!.tokenRevoked).toBe(false);
        expect((await under.store.read(session.id))!.tokenRevoked).toBe(false);
        expect((await under.store.read(session.id, new Uint8Array()))!.tokenRevoked).toBe(false);
        expect((await eventsOf(session)).filter(({ type }) => type === 'token.revoked')).toHaveLength(1);
        await under.opened.sweep.prune(t(600), 100);
        expect((await under.store.read(session.id, hash))!.tokenRevoked).toBe(true);
        await under.opened.sweep.prune(t(601), 100);
        expect((await under.store.read(session.id, hash))!.tokenRevoked).toBe(false);
      });

      it('are over with everything of a client that acts by them, if they were issued before', async () => {
        const session = await start();
        const [hash, actor] = [Buffer.alloc(32, 79), `actor-${randomUUID()}`];
        const isOver = async (ids: readonly string[], issuedAt: Instant) =>
          (await under.store.read(session.id, hash, { ids, issuedAt }))!.tokenRevoked;
        expect(await isOver([actor], t(10))).toBe(false);
        const [kind, reason] = ['client', 'client_disabled'] as const;
        await under.store.endAll({ kind, target: actor, reason, at: t(10), detail: {} });
        // Asked together with one by which nobody acts.
        const all = await Promise.all([
          isOver([actor], t(10)),
          isOver(['another', actor], t(10)),
          isOver(['another'], t(10)),
          isOver([actor], instant(t(10) + 1)),
          under.store.read(session.id, hash).then((found) => found!.tokenRevoked),
        ]);
        expect(all).toEqual([true, true, false, false, false]);
        expect((await read(session.id)).ended).toBeNull();
      });
    });

    describe('the sweep', () => {
      const timedOut = (id: string, now: Instant): End => ({
        id,
        reason: 'inactivity_timeout',
        at: now,
        detail: {},
      });

      it('hands each due session to one of two nodes, and ends it once', async () => {
        const sessions = await parallel(30, () => start());
        const mine = new Set(sessions.map(({ id }) => id));
        const seen: string[] = [];
        const take = (sweep: SweepStore) =>
          sweep.sweep(t(1800), 1000, async ({ session }) => {
            if (!mine.has(session.id)) return { checkAfter: t(90_000) };
            seen.push(session.id);
            return timedOut(session.id, t(1800));
          });
        await Promise.all([take(under.opened.sweep), take(under.opened.otherSweep)]);
        await take(under.opened.sweep);
        expect(seen.sort()).toEqual([...mine].sort());
        for (const session of sessions)
          expect((await eventsOf(session)).filter(({ type }) => type === 'session.ended')).toHaveLength(1);
      });

      it('comes back to a session when it was told to, and forgets what ended long ago', async () => {
        const session = await start({ signedInAt: t(200_000) });
        const at = t(201_800);
        const looks: string[] = [];
        const look = (now: Instant, verdict: (id: string) => End | { checkAfter: Instant }) =>
          under.opened.sweep.sweep(now, 1000, async ({ session: { id } }) => {
            if (id === session.id) looks.push(id);
            return id === session.id ? verdict(id) : { checkAfter: t(900_000) };
          });
        await look(at, () => ({ checkAfter: plus(at, seconds(60)) }));
        await look(plus(at, seconds(59)), () => ({ checkAfter: at }));
        expect(looks).toHaveLength(1);
        await look(plus(at, seconds(60)), (id) => timedOut(id, at));
        expect(looks).toHaveLength(2);
        const forgotten = plus(session.absoluteDeadline, seconds(86_400));
        await look(instant(forgotten - 1), () => ({ checkAfter: at }));
        expect(await under.store.read(session.id)).toBeDefined();
        await look(forgotten, () => ({ checkAfter: at }));
        expect(await under.store.read(session.id)).toBeUndefined();
      });

      it('is brought forward for the sessions a shorter policy concerns, and only where that is earlier', async () => {
        const clientId = `short-${randomUUID()}`;
        const signedInAt = t(300_000);
        const session = await start({ clientId, signedInAt });
        await start({ signedInAt });
        const lineage = { clientId, resources: session.resources };
        const limits = { from: 0, to: 100, inactivityTimeout: seconds(60), absoluteLifetime: seconds(300) };
        const asked: unknown[] = [];
        const limitsOf = async (lineages: readonly Lineage[]) => {
          asked.push(...lineages);
          return lineages.filter((one) => one.clientId === clientId).map((one) => ({ ...one, ...limits }));
        };
        let seen: SessionId | undefined;
        let steps = 0;
        do {
          const before: SessionId | undefined = seen;
          seen = await under.opened.sweep.bringForward(before, 3, limitsOf);
          steps += 1;
          if (before && seen) expect(seen > before).toBe(true);
        } while (seen);
        expect(asked).toContainEqual(lineage);
        expect(steps).toBeGreaterThan(2);
        const looks: string[] = [];
        await under.opened.sweep.sweep(plus(signedInAt, seconds(60)), 1000, async (found) => {
          looks.push(found.session.clientId);
          return { checkAfter: t(900_000) };
        });
        expect(looks).toEqual([clientId]);
      });
    });
  });
}
