import { randomUUID } from 'node:crypto';
import {
  bucketEdges,
  type CountKind,
  CountsStore,
  CountsWriter,
  countKinds,
  Evidence,
  SilenceRecorder,
  sumOf,
} from '@curfew/insight';
import { signInsPerVisit } from '@curfew/insight/figures';
import { type Instant, instant, seconds } from '@curfew/session-policy';
import { TimeoutReturns } from '@curfew/sessions/store';
import { populationUnder, visitsUnder } from '../support/population.js';
import { House, t, t0 } from './sessions-house.js';

let house: House;
let store: CountsStore;
beforeAll(async () => {
  house = await House.open();
  store = new CountsStore(house.nodes[0].prisma);
});
beforeEach(() => house.database.query('TRUNCATE gap_histogram, gap_hour'));
afterEach(() => house.check());
afterAll(() => house?.close());

const minutes = (count: number): Instant => t(count * 60);
const day = 86_400;
const nothingLost = () => {
  throw new Error('counts were lost');
};

async function flush(node = 0): Promise<void> {
  await new CountsWriter(house.nodes[node]!.silences, store, nothingLost).flush();
}

/** The counts of a client, by kind: the seconds at which its buckets begin, once for each count. */
async function counted(clientId: string): Promise<Partial<Record<CountKind, number[]>>> {
  await flush(0);
  await flush(1);
  const rows = await house.database.query<{ kind: CountKind; counts: number[] }>(
    'SELECT kind, counts FROM gap_histogram WHERE client_id = $1 AND fold < 16 ORDER BY kind, day, fold',
    [clientId],
  );
  const found: Partial<Record<CountKind, number[]>> = {};
  for (const { kind, counts } of rows)
    for (const [bucket, count] of counts.entries())
      for (let one = 0; one < count; one++) found[kind] = [...(found[kind] ?? []), bucketEdges[bucket]!];
  return found;
}

const sweep = (at: Instant, node = 0) => house.nodes[node]!.sweeper.run(at);

describe('silences are counted where activity is written and sessions end', () => {
  it('a silence that a refresh ends has the length it had; a retry ends none', async () => {
    const who = await house.signIn();
    const second = await house.rotated(who, who.token, minutes(5));
    await house.rotated(who, who.token, t(301));
    await house.rotated(who, second, minutes(20), { node: 1 });
    expect(await counted(who.clientId)).toEqual({ first: [expect.any(Number)], returned: [300, 900] });
  });

  it('of fifty parallel uses of one token, one ends the silence', async () => {
    const who = await house.signIn();
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        house.refresh(who, who.token, minutes(10), { node: index % 2 }),
      ),
    );
    expect((await counted(who.clientId)).returned).toEqual([600]);
  });

  it('use counts where the policy counts use, and a refresh does not where it does not', async () => {
    const clientId = house.client({ activity: 'use' });
    const who = await house.signIn({ clientId });
    await house.rotated(who, who.token, minutes(2));
    await house.stands(who, minutes(5), { use: true });
    expect((await counted(clientId)).returned).toEqual([300]);
  });

  it('an idle end is a cut of the length of its timeout, however late the sweeper comes', async () => {
    const who = await house.signIn();
    const timeout = house.policies.everyone.inactivityTimeout;
    await house.rotated(who, who.token, minutes(3));
    await sweep(t(3 * 60 + timeout + 1_000), 1);
    expect(await house.endOf(who)).toBe('inactivity_timeout');
    const { cut, aged, censored } = await counted(who.clientId);
    expect({ cut, aged, censored }).toEqual({ cut: [timeout], aged: [180], censored: undefined });
  });

  it('an idle end found by a token that is shown too late is a cut as well', async () => {
    const who = await house.signIn();
    expect((await house.refresh(who, who.token, t(day / 2 - 10))).kind).toBe('refused');
    expect((await counted(who.clientId)).cut).toEqual([house.policies.everyone.inactivityTimeout]);
  });

  it('any other end censors the silence at the age it had', async () => {
    const clientId = house.client();
    const { service } = house.nodes[0];
    const ended = await house.signIn({ clientId });
    await service.end([ended.sid], 'ended_by_administrator', {}, minutes(5));
    const together = await house.signIn({ clientId });
    await service.endAll({
      ...{
        kind: 'account',
        target: together.accountId,
        reason: 'account_disabled',
        at: minutes(10),
        detail: {},
      },
    });
    expect((await counted(clientId)).censored).toEqual(expect.arrayContaining([300, 600]));
    expect((await counted(clientId)).cut).toBeUndefined();
  });

  it('the absolute lifetime ends a session at an age', async () => {
    const clientId = house.client({ absoluteLifetime: seconds(3_600), inactivityTimeout: seconds(3_600) });
    await house.signIn({ clientId });
    await sweep(minutes(61));
    const { aged_out: agedOut, cut } = await counted(clientId);
    expect({ agedOut, cut }).toEqual({ agedOut: [3_600], cut: undefined });
  });

  it.each([
    ['recorded', true],
    ['not recorded yet', false],
  ])('a sign-in after an idle end that was %s is one that came back', async (_, isRecorded) => {
    const first = await house.signIn();
    const timeout = house.policies.everyone.inactivityTimeout;
    const facts = { accountId: first.accountId, clientId: first.clientId };
    if (isRecorded) await sweep(t(timeout + 5));
    const again = await house.signIn({ ...facts, at: t(timeout + 60) });
    expect((await house.row(again)).after_idle_cut).toBe(true);
    expect((await house.row(first)).after_idle_cut).toBeNull();
    const { back, resumed, first: firstOfDay } = await counted(first.clientId);
    expect(resumed).toEqual([60]);
    expect(back).toEqual([timeout]);
    expect(firstOfDay).toHaveLength(1);
  });

  it.each([
    ['nine hours after the end', 9 * 3_600, {}],
    ['of another account', 60, { accountId: randomUUID() }],
    ['at another client', 60, { clientId: 'client-other' }],
  ])('a sign-in %s did not come back', async (_, after, changes) => {
    const first = await house.signIn();
    const { accountId, clientId } = first;
    const at = t(house.policies.everyone.inactivityTimeout + after);
    const again = await house.signIn({ accountId, clientId, at, ...changes });
    expect((await house.row(again)).after_idle_cut).toBeNull();
    expect((await counted(again.clientId)).back).toBeUndefined();
  });

  it('a sign-in beside a session that is alive, or after one that was ended otherwise, did not come back', async () => {
    const alive = await house.signIn();
    const facts = { accountId: alive.accountId, clientId: alive.clientId };
    const beside = await house.signIn({ ...facts, at: t(60) });
    expect((await house.row(beside)).after_idle_cut).toBeNull();
    await house.nodes[0].service.end([alive.sid, beside.sid], 'logout', {}, t(120));
    const after = await house.signIn({ ...facts, at: t(4_000) });
    expect((await house.row(after)).after_idle_cut).toBeNull();
    expect((await counted(alive.clientId)).resumed).toBeUndefined();
  });

  it('the first sign-in of a person and client on a day is counted once, by UTC days', async () => {
    const who = await house.signIn({ at: t(day - 60) });
    const facts = { accountId: who.accountId, clientId: who.clientId };
    await house.signIn({ ...facts, at: t(day - 30) });
    await house.signIn({ ...facts, at: t(day + 30) });
    expect((await counted(who.clientId)).first).toHaveLength(2);
  });

  it('a clock that was moved back is counted as nothing', async () => {
    const recorder = new SilenceRecorder(true);
    const session = { accountId: randomUUID(), clientId: 'shop' };
    recorder.count('returned', session, 1_800, -5_000, t0);
    recorder.count('returned', session, 1_800, Number.NaN, t0);
    expect(recorder.take()).toEqual({ hours: [], lost: 0 });
  });

  it('switched off, nothing is counted', async () => {
    const recorder = new SilenceRecorder(false);
    recorder.count('returned', { accountId: randomUUID(), clientId: 'shop' }, 1_800, 5_000, t0);
    expect(recorder.take()).toEqual({ hours: [], lost: 0 });
  });
});

describe('how people come back after a timeout', () => {
  const browsers = async () => {
    const browser = { uid: randomUUID(), idHash: Buffer.from(randomUUID()) };
    await house.database.query(
      `INSERT INTO browser_session (id_hash, uid, payload, expires_at) VALUES ($1, $2, '', $3)`,
      [browser.idHash, browser.uid, new Date(minutes(40))],
    );
    return browser;
  };
  const timeout = () => house.policies.everyone.inactivityTimeout;
  const pastTimeout = (length: number) => t(timeout() + length);
  const returns = () => new TimeoutReturns(house.nodes[0].prisma, house.nodes[0].silences);

  it('a sign-in page shown to the same browser and client counts once for each timeout, however often it is loaded', async () => {
    const { uid, idHash } = await browsers();
    const who = await house.signIn({ browser: uid });
    const steps = returns();
    for (const length of [60, 61, 90]) steps.shown(idHash, who.clientId, pastTimeout(length));
    await steps.flush();
    steps.shown(idHash, who.clientId, pastTimeout(200));
    await steps.flush();
    expect((await counted(who.clientId)).shown).toEqual([60]);
  });

  it.each([
    ['another client', 60, 'client-other', undefined],
    ['another browser', 60, undefined, Buffer.from('no such browser')],
    ['nine hours later', 9 * 3_600, undefined, undefined],
    ['before the timeout', -60, undefined, undefined],
  ])('%s is no return', async (_, length, clientId, idHash) => {
    const browser = await browsers();
    const who = await house.signIn({ browser: browser.uid });
    const steps = returns();
    steps.shown(idHash ?? browser.idHash, clientId ?? who.clientId, pastTimeout(length));
    await steps.flush();
    expect((await counted(clientId ?? who.clientId)).shown).toBeUndefined();
  });

  it('a right password counts by account, also where the new session has begun before anybody looked', async () => {
    const first = await house.signIn();
    const { accountId, clientId } = first;
    const steps = returns();
    steps.proved(accountId, clientId, pastTimeout(300));
    await house.signIn({ accountId, clientId, at: pastTimeout(301) });
    await steps.flush();
    steps.proved(accountId, clientId, pastTimeout(400));
    await steps.flush();
    const found = await counted(clientId);
    expect({ proved: found.proved, resumed: found.resumed }).toEqual({ proved: [300], resumed: [300] });
  });

  it('as many steps as fit wait for a flush, and one more is not counted', async () => {
    const { uid, idHash } = await browsers();
    const visits = await Promise.all([1, 2, 3].map(() => house.signIn({ browser: uid })));
    const steps = new TimeoutReturns(house.nodes[0].prisma, house.nodes[0].silences, {
      steps: 2,
      counted: 10,
    });
    const show = () => {
      for (const { clientId } of visits) steps.shown(idHash, clientId, pastTimeout(60));
    };
    const shown = async () => {
      const counts: number[] = [];
      for (const { clientId } of visits) counts.push((await counted(clientId)).shown?.length ?? 0);
      return counts;
    };
    show();
    await steps.flush();
    expect(await shown()).toEqual([1, 1, 0]);
    steps.shown(idHash, visits[2]!.clientId, pastTimeout(60));
    await steps.flush();
    expect(await shown()).toEqual([1, 1, 1]);
  });

  it('as many cuts as fit are counted once, and at one more all are counted again', async () => {
    const { uid, idHash } = await browsers();
    const visits = await Promise.all([1, 2].map(() => house.signIn({ browser: uid })));
    const steps = new TimeoutReturns(house.nodes[0].prisma, house.nodes[0].silences, {
      steps: 10,
      counted: 1,
    });
    const show = async (visit: number) => {
      steps.shown(idHash, visits[visit]!.clientId, pastTimeout(60));
      await steps.flush();
    };
    for (const visit of [0, 0, 1, 0]) await show(visit);
    expect((await counted(visits[0]!.clientId)).shown).toEqual([60, 60]);
    expect((await counted(visits[1]!.clientId)).shown).toEqual([60]);
  });

  it('a flush without steps asks nothing, and where nothing is counted no step is noted', async () => {
    const steps = new TimeoutReturns({} as never, new SilenceRecorder(true));
    await steps.flush();
    const off = new TimeoutReturns({} as never, new SilenceRecorder(false));
    off.proved(randomUUID(), 'shop', t0);
    await off.flush();
  });
});

describe('a population that works through the engine', () => {
  it('is counted exactly as it was, so that its sign-ins under half of the timeout are told from it', async () => {
    const timeout = 1_800;
    const truth = { people: 96, days: 1, giveUpShare: 0.15, seed: 31 };
    const clientId = house.client({
      inactivityTimeout: seconds(timeout),
      absoluteLifetime: seconds(100 * day),
    });
    const plans = [...visitsUnder(timeout, truth)];
    await Promise.all(Array.from({ length: 12 }, (_, worker) => work(worker)));
    async function work(worker: number): Promise<void> {
      for (let index = worker; index < plans.length; index += 12) await live(plans[index]!, index % 2);
    }
    async function live({ person, visits }: (typeof plans)[number], node: number): Promise<void> {
      const accountId = `${randomUUID().slice(0, -1)}${(person % 16).toString(16)}`;
      // Visits are days apart: a sign-in is told as coming back for eight hours.
      for (const [index, steps] of visits.entries()) {
        let at = index * 5 * day;
        let who = await house.signIn({ accountId, clientId, at: t(at) }, node);
        let { token } = who;
        for (const { kind, length } of steps) {
          at += length;
          if (kind === 'returned') token = await house.rotated(who, token, t(at), { node });
          if (kind !== 'came back') continue;
          who = await house.signIn({ accountId, clientId, at: t(at) }, node);
          ({ token } = who);
        }
      }
    }
    while (await sweep(t(30 * day)));
    await flush(0);
    await flush(1);
    const { groups } = await store.find({ clientIds: [clientId], from: t0, to: t(40 * day) });
    const recorded = groups[0]!.folded;
    const { folded } = populationUnder(timeout, truth);
    for (const kind of ['returned', 'cut', 'back', 'resumed'] as const)
      for (const [fold, counts] of folded.folds.entries())
        expect([kind, fold, [...recorded.folds[fold]![kind]]]).toEqual([kind, fold, [...counts[kind]]]);
    const really = populationUnder(timeout / 2, { ...truth, people: 1_000 });
    const evidence = new Evidence([{ inactivityTimeout: timeout, folded: recorded }]);
    const { low, high } = evidence.estimate(signInsPerVisit(timeout / 2));
    expect(low).toBeLessThan(really.signedInAgain / really.visits);
    expect(high).toBeGreaterThan(really.signedInAgain / really.visits);
  }, 120_000);
});

describe('counts are written every ten seconds', () => {
  const session = () => ({ accountId: randomUUID(), clientId: `client-${randomUUID()}` });
  const totals = async (clientIds?: string[], from = t0, to = t(400 * day)) => {
    const { groups, days } = await store.find({ clientIds, from, to });
    return { returned: groups.map(({ folded }) => sumOf(folded.total().returned)), days };
  };

  it('by one statement, whatever was counted, and nothing where nothing was', async () => {
    const recorder = new SilenceRecorder(true);
    let statements = 0;
    const sink = {
      add: (hours: Parameters<CountsStore['add']>[0]) => {
        statements++;
        return store.add(hours);
      },
    };
    const writer = new CountsWriter(recorder, sink, nothingLost);
    await writer.flush();
    expect(statements).toBe(0);
    for (let hour = 0; hour < 30; hour++)
      for (const kind of countKinds) recorder.count(kind, session(), 900 + hour, 60_000, t(hour * 3_600));
    await writer.flush();
    expect(statements).toBe(1);
    expect((await totals()).returned).toHaveLength(30);
    const [hours] = await house.database.query<{ count: number }>('SELECT count(*)::int FROM gap_hour');
    expect(hours!.count).toBe(60);
  });

  it('two nodes that write at once add up, for the client and for all together', async () => {
    const one = session();
    const recorders = [new SilenceRecorder(true), new SilenceRecorder(true)];
    for (let round = 0; round < 10; round++) {
      for (const recorder of recorders) recorder.count('returned', one, 1_800, 60_000, t(round));
      await Promise.all(recorders.map((recorder) => new CountsWriter(recorder, store, nothingLost).flush()));
    }
    expect(await totals([one.clientId])).toEqual({ returned: [20], days: 1 });
    expect((await totals()).returned).toEqual([20]);
    expect(sumOf((await store.hours([one.clientId]))[0]!.returned)).toBe(20);
    const [ranked] = await store.returnedByClient(t0, t(day));
    expect([ranked!.clientId, sumOf(ranked!.returned)]).toEqual([one.clientId, 20]);
  });

  it('a node that cannot write goes on counting within its bound and says what was lost', async () => {
    const recorder = new SilenceRecorder(true, 2);
    const told: [number, boolean][] = [];
    let isAway = true;
    const sink = {
      add: async (hours: Parameters<CountsStore['add']>[0]) => {
        if (isAway) throw new Error('the database is away');
        await store.add(hours);
      },
    };
    const writer = new CountsWriter(recorder, sink, (lost, error) => told.push([lost, error !== undefined]));
    const one = { accountId: '00000000-0000-4000-8000-000000000001', clientId: 'shop' };
    recorder.count('returned', one, 1_800, 60_000, t(0));
    await writer.flush();
    recorder.count('returned', one, 1_800, 60_000, t(10));
    recorder.count('cut', one, 1_800, 1_800_000, t(10));
    recorder.count('returned', { ...one, clientId: 'other' }, 1_800, 60_000, t(10));
    isAway = false;
    await writer.flush();
    expect(told).toEqual([
      [0, true],
      [1, false],
    ]);
    expect((await totals(['shop'])).returned).toEqual([2]);
    expect((await totals(['other'])).returned).toEqual([]);
  });

  it('whole weeks older than a fortnight become one, and what is past its retention goes', async () => {
    const one = session();
    const recorder = new SilenceRecorder(true);
    for (let at = 0; at < 40; at++) {
      recorder.count('returned', one, 1_800, 60_000, t(at * day));
      recorder.count('cut', one, 1_800, 1_800_000, t(at * day));
    }
    await store.add(recorder.take().hours);
    const before = await totals([one.clientId]);
    expect(before).toEqual({ returned: [40], days: 40 });
    const now = t(40 * day);
    while ((await store.foldDays(now)) > 0);
    expect((await totals([one.clientId], instant(0))).returned).toEqual([40]);
    const rows = await house.database.query<{ days: number; count: number }>(
      `SELECT days, count(*)::int FROM gap_histogram WHERE kind = 'cut' AND client_id = $1 GROUP BY days ORDER BY days`,
      [one.clientId],
    );
    // t0 is a Tuesday, and 14 days before the last it was Sunday: three weeks are whole, and twenty days stay.
    expect(rows).toEqual([
      { days: 1, count: 20 },
      { days: 7, count: 3 },
    ]);
    expect(await store.foldDays(now)).toBe(0);
    while ((await store.prune(t(35 * day), 5)) === 5);
    expect((await totals([one.clientId])).returned).toEqual([5]);
    while ((await store.prune(t(100 * day), 5)) === 5);
    expect(await house.database.query('SELECT 1 FROM gap_hour')).toEqual([]);
  });
});
