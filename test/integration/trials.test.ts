import { randomUUID } from 'node:crypto';
import { bucketEdges, type CountKind, CountsStore, CountsWriter } from '@curfew/insight';
import { type Instant, instant, seconds } from '@curfew/session-policy';
import { placeOf } from '@curfew/session-policy/trial';
import { placeWithin } from '@curfew/sessions/statements';
import { House, type SignedIn, t, t0 } from './sessions-house.js';

let house: House;
let store: CountsStore;
beforeAll(async () => {
  house = await House.open();
  store = new CountsStore(house.nodes[0].prisma);
});
afterEach(() => house.check());
afterAll(() => house?.close());

const minutes = (count: number): Instant => t(count * 60);
const sweep = (at: Instant) => house.nodes[0].sweeper.run(at);
const markOf = async (who: { sid: string }) => {
  const { shadow_end: at, shadow_used_after: usedAfter } = await house.row(who);
  return at === null ? null : [(at.getTime() - t0) / 60_000, usedAfter];
};

describe('a shadow marks the sessions it would have ended, and ends none', () => {
  const shadowed = (since = t0, changes: { absolute?: number; activity?: 'use' } = {}): string => {
    const { absolute = 43_200, ...settings } = changes;
    const clientId = house.client(settings);
    const limits = { inactivityTimeout: seconds(600), absoluteLifetime: seconds(absolute), since };
    house.policies.shadows.set(clientId, limits);
    return clientId;
  };

  it.each([0, 1])(
    'at the first silence that it would not have allowed, by the refresh after it (node %d)',
    async (node) => {
      const who = await house.signIn({ clientId: shadowed() });
      const early = await house.rotated(who, who.token, minutes(9), { node });
      expect(await markOf(who)).toBeNull();
      const late = await house.rotated(who, early, minutes(24), { node });
      expect(await markOf(who)).toEqual([19, 300]);
      await house.rotated(who, late, minutes(50), { node });
      expect(await markOf(who)).toEqual([19, 300]);
      expect(await house.endOf(who)).toBeNull();
    },
  );

  it('by a refresh that comes with a proof, and by one that keeps its token', async () => {
    const clientId = shadowed();
    house.policies.ofClients.set(clientId, { ...house.policies.everyone, rotation: 'never' });
    const who = await house.signIn({ clientId });
    await house.rotated(who, who.token, minutes(15));
    expect(await markOf(who)).toEqual([10, 300]);
  });

  it('by activity that is written behind', async () => {
    const who = await house.signIn({ clientId: shadowed() });
    await house.stands(who, minutes(12), { use: true });
    await house.stands(who, minutes(14), { use: true });
    await house.nodes[0].service.activity.flush();
    expect(await markOf(who)).toEqual([10, 120]);
  });

  it('by the sweep that looks at a session anyway; how soon it is used again is written then', async () => {
    const who = await house.signIn({ clientId: shadowed() });
    await house.rotated(who, who.token, minutes(2));
    await house.database.query('UPDATE session SET check_after = $2 WHERE id = $1', [
      who.sid,
      new Date(minutes(15)),
    ]);
    await sweep(minutes(15));
    expect(await markOf(who)).toEqual([12, null]);
    await house.stands(who, minutes(20), { use: true });
    await house.nodes[0].service.activity.flush();
    expect(await markOf(who)).toEqual([12, 480]);
  });

  it('by the end of a session that was not used again', async () => {
    const who = await house.signIn({ clientId: shadowed() });
    await sweep(minutes(31));
    expect([await house.endOf(who), await markOf(who)]).toEqual(['inactivity_timeout', [10, null]]);
  });

  it('also for the absolute lifetime it tries', async () => {
    const who = await house.signIn({ clientId: shadowed(t0, { absolute: 1_200 }) });
    const next = await house.rotated(who, who.token, minutes(9));
    const third = await house.rotated(who, next, minutes(18));
    expect(await markOf(who)).toBeNull();
    await house.rotated(who, third, minutes(25));
    expect(await markOf(who)).toEqual([20, 300]);
  });

  it('from its beginning on: a mark of an earlier one is forgotten, and a silence that lasts is judged from there', async () => {
    const clientId = shadowed();
    const who = await house.signIn({ clientId });
    const next = await house.rotated(who, who.token, minutes(15));
    expect(await markOf(who)).toEqual([10, 300]);
    house.policies.shadows.set(clientId, {
      ...{ inactivityTimeout: seconds(300), absoluteLifetime: seconds(43_200), since: minutes(30) },
    });
    await house.rotated(who, next, minutes(31));
    expect(await markOf(who)).toEqual([30, 60]);
  });

  it('no refresh is a use where the policy says so', async () => {
    const who = await house.signIn({ clientId: shadowed(t0, { activity: 'use' }) });
    await house.rotated(who, who.token, minutes(15));
    expect(await markOf(who)).toEqual([10, null]);
  });
});

/** Ids of accounts at a place of a canary of 50 %, in it or beside it. */
const accountIn = (isIn: boolean): string => {
  for (;;) {
    const id = randomUUID();
    if (placeOf(id) < 50 === isIn) return id;
  }
};

async function counted(clientId: string): Promise<Record<string, number[]>> {
  for (const node of house.nodes)
    await new CountsWriter(node.silences, store, () => {
      throw new Error('counts were lost');
    }).flush();
  const rows = await house.database.query<{ arm: number; kind: CountKind; counts: number[] }>(
    `SELECT arm, kind, counts FROM gap_histogram WHERE client_id = $1 AND fold < 16 AND kind IN ('returned', 'cut', 'reached', 'rejoined')
     ORDER BY arm, kind, inactivity_timeout, fold`,
    [clientId],
  );
  const found: Record<string, number[]> = {};
  for (const { arm, kind, counts } of rows)
    for (const [bucket, count] of counts.entries())
      for (let one = 0; one < count; one++)
        found[`${kind} ${arm}`] = [...(found[`${kind} ${arm}`] ?? []), bucketEdges[bucket]! / 60];
  return found;
}

describe('a canary', () => {
  const canary = (timeout: number) =>
    house.client({
      inactivityTimeout: seconds(1_800),
      canary: { inactivityTimeout: seconds(timeout * 60), share: 50 },
    });
  const signedIn = async (clientId: string, isIn: boolean): Promise<SignedIn> =>
    house.signIn({ clientId, accountId: accountIn(isIn) });
  const standsAt = (who: SignedIn, minute: number, node = 0) => house.stands(who, minutes(minute), { node });

  it.each([
    ['longer', 45, true, 45],
    ['longer', 45, false, 30],
    ['shorter', 20, true, 20],
    ['shorter', 20, false, 30],
  ])(
    'that is %s: %i minutes, in it %s, ends a session after %i, on every path',
    async (_, timeout, isIn, ends) => {
      const clientId = canary(timeout);
      const who = await signedIn(clientId, isIn);
      expect((await house.row(who)).inactivity_timeout).toBe(ends * 60);
      expect([await standsAt(who, ends - 0.1, 0), await standsAt(who, ends - 0.1, 1)]).toEqual([true, true]);
      const other = await signedIn(clientId, isIn);
      const late = await signedIn(clientId, isIn);
      const token = await house.rotated(other, other.token, minutes(ends - 1));
      await house.rotated(other, token, minutes(2 * ends - 1.1));
      expect((await house.refresh(late, late.token, minutes(ends))).kind).toBe('refused');
      await sweep(minutes(ends - 0.1));
      expect(await house.endOf(who)).toBeNull();
      await sweep(minutes(ends));
      expect(await house.endOf(who)).toBe('inactivity_timeout');
    },
  );

  it('lengthens no session of before it, and is over for those it leaves', async () => {
    const clientId = house.client({ inactivityTimeout: seconds(1_800) });
    const before = await signedIn(clientId, true);
    house.policies.ofClients.set(clientId, {
      ...house.policies.effectivePolicy(clientId),
      canary: { inactivityTimeout: seconds(2_700), share: 50 },
    });
    expect(await standsAt(before, 30)).toBe(false);
    const within = await signedIn(clientId, true);
    house.policies.ofClients.set(clientId, { ...house.policies.everyone, inactivityTimeout: seconds(1_800) });
    expect(await standsAt(within, 30)).toBe(false);
  });

  it('a change brings the look of the sweeper forward for those in its arm only', async () => {
    const clientId = house.client({ inactivityTimeout: seconds(1_800) });
    const [inside, beside] = [await signedIn(clientId, true), await signedIn(clientId, false)];
    house.policies.ofClients.set(clientId, {
      ...house.policies.everyone,
      ...{ inactivityTimeout: seconds(1_800), canary: { inactivityTimeout: seconds(600), share: 50 } },
    });
    const { sweeper } = house.nodes[1];
    sweeper.policiesChanged();
    await sweeper.run(minutes(1));
    const due = async (who: SignedIn) => ((await house.row(who)).check_after.getTime() - t0) / 60_000;
    expect([await due(inside), await due(beside)]).toEqual([10, 30]);
  });

  it('counts of the first long silence of each visit whether it was reached, and how long it was where the person came back', async () => {
    house.policies.canarySince = instant(t0 - 1);
    const clientId = canary(45);
    // Beside it, a silence of 32 minutes is cut, and answered by a sign-in; in it, it is not.
    const cut = await signedIn(clientId, false);
    await sweep(minutes(31));
    const facts = { clientId, accountId: cut.accountId };
    const again = await house.signIn({ ...facts, at: minutes(32) });
    const inside = await signedIn(clientId, true);
    const token = await house.rotated(inside, inside.token, minutes(32));
    // Second ones of a visit compare nothing.
    await house.rotated(inside, token, minutes(70));
    await sweep(minutes(64));
    await house.signIn({ ...facts, at: minutes(66) });
    expect(await house.endOf(again)).toBe('inactivity_timeout');
    const found = await counted(clientId);
    const bucket = Math.max(...bucketEdges.filter((edge) => edge <= 32 * 60)) / 60;
    expect(found['reached 0']).toEqual([30]);
    expect(found['rejoined 0']).toEqual([bucket]);
    expect(found['reached 1']).toEqual([30]);
    expect(found['rejoined 1']).toEqual([bucket]);
    expect(found['cut 0']).toEqual([30, 30]);
    expect(found['cut 1']).toBeUndefined();
  });

  it('marks in the longer arm what the shorter one would have ended', async () => {
    const clientId = canary(45);
    const inside = await signedIn(clientId, true);
    await house.rotated(inside, inside.token, minutes(40));
    expect(await markOf(inside)).toEqual([30, 600]);
    const beside = await signedIn(clientId, false);
    await house.rotated(beside, beside.token, minutes(20));
    expect(await markOf(beside)).toBeNull();
  });
});

it('a browser is in no canary, and a condition of places finds the accounts that are at them', async () => {
  const { policies, nodes } = house;
  const before = policies.everyone;
  policies.everyone = { ...before, canary: { inactivityTimeout: seconds(600), share: 100 } };
  const everyones = await nodes[0].service.everyonesPolicy();
  policies.everyone = before;
  expect(everyones.inactivityTimeout).toBe(before.inactivityTimeout);
  const ids = Array.from({ length: 400 }, () => randomUUID());
  for (const [from, to] of [
    [0, 10],
    [10, 50],
    [99, 100],
    [0, 100],
  ] as const) {
    const found = await nodes[0].prisma.$queryRaw<{ id: string }[]>`
      SELECT s.account_id::text AS id FROM unnest(${ids}::uuid[]) AS s(account_id) WHERE ${placeWithin(from, to)}`;
    const expected = ids.filter((id) => placeOf(id) >= from && placeOf(id) < to);
    expect([from, to, found.map(({ id }) => id)]).toEqual([from, to, expected]);
  }
});

it('the place of an account is the same to the database, and says nothing of its fold', async () => {
  const ids = Array.from({ length: 200 }, () => randomUUID());
  const rows = await house.database.query<{ id: string; place: number }>(
    `SELECT id::text, (('x' || substr(id::text, 28, 8))::bit(32)::bigint % 100)::int AS place FROM unnest($1::uuid[]) id`,
    [ids],
  );
  for (const { id, place } of rows) expect([id, placeOf(id)]).toEqual([id, place]);
});
