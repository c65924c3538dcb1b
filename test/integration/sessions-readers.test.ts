import { randomUUID } from 'node:crypto';
import {
  type EndReason,
  endReasons,
  type Instant,
  instant,
  latest,
  type SessionPolicy,
  seconds,
} from '@curfew/session-policy';
import { factsOfSessions, type SessionOfBrowser } from '@curfew/session-policy/browser-sign-in';
import { deadlines, decideAccess, withNotBefores } from '@curfew/session-policy/standing';
import { BrowserSessionQueries, SessionQueries } from '@curfew/sessions';
import {
  type BrowserSessionColumns,
  browserSessionColumns,
  deadlineUnder,
  readBrowserSession,
  rowStands,
  sessionsOfBrowser,
} from '@curfew/sessions/statements';
import { SessionSearchStore } from '../../apps/admin-api/src/sessions/session-search.store.js';
import { describeSession } from '../../apps/admin-api/src/sessions/session-view.js';
import { randomFrom } from '../../libs/session-policy/test/random-from.mjs';
import { House, type SignedIn, t } from './sessions-house.js';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterEach(() => house.check());
afterAll(() => house?.close());

const walkers = 10;
const steps = 30;
const seed = Number(process.env['CURFEW_WALK_SEED'] ?? 1);

/** Policies that come into force and are taken back; the shorter ones write deadlines that must go on holding. */
const policies: readonly Partial<SessionPolicy>[] = [
  {},
  { inactivityTimeout: seconds(360) },
  { inactivityTimeout: seconds(360), activity: 'use' },
  { absoluteLifetime: seconds(3_600) },
  { activity: 'refresh' },
  { rotation: 'never' },
];

/** A session under way with its live token, and the answer of each reader. */
interface Walker extends SignedIn {
  token: string;
  over: boolean;
}

/** The word of every reader on one session at one instant; none of them changes anything. */
async function readers({ sid, accountId, clientId }: Walker, now: Instant) {
  const policy = house.policies.effectivePolicy(clientId);
  const answers: Record<string, boolean> = {};
  for (const [name, { prisma, store }] of Object.entries({ hot: house.nodes[0], plain: house.nodes[1] })) {
    const found = (await store.read(sid))!;
    const session = withNotBefores(found.session, found.notBefore);
    answers[`access, ${name} store`] = decideAccess(session, policy, now).kind === 'active';
    answers[`clocks, ${name} store`] = !session.ended && deadlines(session, policy).expiresAt > now;
    const registry = { effectivePolicy: async () => policy, client: async () => null };
    const shown = await describeSession(found, registry, now);
    answers[`admin API, ${name} store`] = shown.wire.state === 'live';
    const listed = await new SessionQueries(prisma, house.policies).liveOfAccount(accountId, now);
    answers[`pages, ${name} store`] = listed.some(({ id }) => id === sid);
  }
  const { prisma } = house.nodes[0];
  const search = new SessionSearchStore(prisma);
  const page = await search.page({ ids: [sid], state: 'live' }, '-started_at', null, 1, now);
  const byRow = page.found.length === 1;
  const counted = await prisma.$queryRaw<unknown[]>`
    SELECT 1 FROM session s WHERE s.id = ${sid}::uuid AND ${rowStands(now)} AND ${deadlineUnder(policy)} > ${new Date(now)}`;
  answers['count in SQL'] = counted.length === 1;
  return { answers, byRow };
}

/** Every reader agrees with the first; a row may only say more than today's policy, never less. */
async function agreed(walker: Walker, now: Instant, after: string): Promise<boolean> {
  const { answers, byRow } = await readers(walker, now);
  const stands = Object.values(answers)[0]!;
  const all = Object.fromEntries(Object.keys(answers).map((name) => [name, stands]));
  expect({ after, ...answers }).toEqual({ after, ...all });
  expect(byRow || !stands).toBe(true);
  return stands;
}

it('every reader says the same of every session after every step, on PostgreSQL', async () => {
  const random = randomFrom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const sights = new Map<string, number>();
  const note = (what: string) => sights.set(what, (sights.get(what) ?? 0) + 1);
  for (let n = 0; n < walkers; n++) {
    let now = t(n);
    const clientId = house.client(pick(policies));
    const standard = house.policies.everyone;
    const walker: Walker = { ...(await house.signIn({ clientId, at: now })), over: false };
    for (let step = 0; step < steps && !walker.over; step++) {
      const draw = random();
      const { service, sweeper } = house.nodes[step % 2]!;
      let did = 'time';
      if (draw < 0.35) {
        const row = await house.row(walker);
        const edge = row.expires_at.getTime() + pick([-1, 0]);
        now = instant(Math.max(now, random() < 0.15 ? edge : now + Math.floor(random() * 600_000)));
      } else if (draw < 0.55) {
        house.policies.ofClients.set(clientId, { ...standard, ...pick(policies) });
        did = 'policy';
      } else if (draw < 0.8) {
        const stood = await agreed(walker, now, 'before a refresh');
        const outcome = await house.refresh(walker, walker.token, now, { node: step % 2 });
        expect([step, outcome.kind]).toEqual([step, stood ? 'token' : 'refused']);
        if (outcome.kind === 'token') walker.token = outcome.token;
        did = `refresh ${outcome.kind}`;
      } else if (draw < 0.93) {
        const stood = await agreed(walker, now, 'before use');
        expect(await house.stands(walker, now, { node: step % 2, use: true })).toBe(stood);
        await service.activity.flush();
        did = `use ${stood}`;
      } else if (draw < 0.97) {
        const stood = await agreed(walker, now, 'before the sweep');
        sweeper.policiesChanged();
        await sweeper.run(now);
        if (!stood) expect(await house.endOf(walker)).not.toBeNull();
        did = `sweep ${stood}`;
      } else {
        const kind = pick(['account', 'client'] as const);
        const target = kind === 'account' ? walker.accountId : clientId;
        await service.endAll({ kind, target, reason: 'ended_by_administrator', at: now, detail: {} });
        did = 'mass end';
      }
      note(did);
      const stands = await agreed(walker, now, did);
      // A session that is over stays over for some steps more, whatever policy comes then.
      if (!stands && (await house.endOf(walker)) !== null) walker.over = random() < 0.3;
    }
  }
  if (seed !== 1) return;
  for (const outcome of ['policy', 'refresh token', 'refresh refused', 'use true', 'mass end'])
    expect([outcome, sights.get(outcome) ?? 0]).not.toEqual([outcome, 0]);
});

it('a deadline that a shorter policy wrote holds for every reader after the policy was taken back', async () => {
  const clientId = house.client({ inactivityTimeout: seconds(360) });
  const who = await house.signIn({ clientId: house.client(), accountId: randomUUID() });
  const short = house.policies.ofClients.get(clientId)!;
  house.policies.ofClients.set(who.clientId, short);
  const token = await house.rotated(who, who.token, t(60));
  house.policies.ofClients.set(who.clientId, house.policies.everyone);
  const walker: Walker = { ...who, token, over: false };
  expect(await agreed(walker, instant(t(60 + 360) - 1), 'before the deadline')).toBe(true);
  expect(await agreed(walker, t(60 + 360), 'at the deadline')).toBe(false);
  expect(await house.refresh(who, token, t(600))).toMatchObject({
    kind: 'refused',
    decision: { reason: 'inactivity_timeout' },
  });
});

it('a mass end is one rule for each kind, and covers what was authorized up to its instant and nothing later', async () => {
  const clientId = house.client();
  const at = t(10_000);
  for (const kind of ['account', 'client', 'everyone'] as const) {
    const accountId = randomUUID();
    const signedIn = await Promise.all(
      [-1, 0, 1].map((ms) => house.signIn({ clientId, accountId, at: instant(at + ms) })),
    );
    const target = { account: accountId, client: clientId, everyone: '' }[kind];
    // Written as it is before any session has an end of its own, so that the entry alone decides.
    await house.database.query(
      "INSERT INTO not_before (kind, target, at, reason) VALUES ($1, $2, $3, 'ended_by_administrator')",
      [kind, target, new Date(at).toISOString()],
    );
    for (const [index, who] of signedIn.entries())
      expect(await agreed({ ...who, over: false }, instant(at + 5), `${kind} ${index}`)).toBe(index === 2);
    await house.database.query('DELETE FROM not_before');
    await house.database.query('DELETE FROM session WHERE client_id = $1', [clientId]);
  }
});

it('the facts about a browser that follow from its sessions are those of the domain, for generated sessions', async () => {
  const random = randomFrom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  // Few instants, so that many of them are the same.
  const when = () => t(1_000 + 60 * Math.floor(random() * 4));
  const maybe = <T>(value: T, share: number): T | null => (random() < share ? value : null);
  const reasons = [...endReasons, 'of_a_newer_version' as EndReason];
  const sights = new Set<string>();
  const query: typeof house.database.query = (text, values) => house.database.query(text, values);
  for (let round = 0; round < 120; round++) {
    const [accountId, uid] = [randomUUID(), randomUUID()];
    const provedAt = when();
    const [actedAt, now] = [latest(provedAt, when()), when()];
    await query(
      `INSERT INTO browser_session (id_hash, uid, account_id, payload, signed_in_at, last_active_at, inactivity_timeout, absolute_deadline, expires_at)
       VALUES (sha256($1::text::bytea), $1, $2, '', $3, $4, 900, $5, $5)`,
      [uid, accountId, new Date(provedAt), new Date(actedAt), new Date(t(100_000))],
    );
    const clients = [house.client(), house.client()];
    const sessions: SessionOfBrowser[] = [];
    for (let n = Math.floor(random() * 8); n > 0; n--) {
      const clientId = pick(clients);
      const { sid } = await house.signIn({ accountId, clientId, browser: uid, at: t(0) });
      const endedAt = maybe(when(), 0.5);
      const expiresAt = when();
      const session: SessionOfBrowser = {
        clientId,
        startedAt: when(),
        signedInAt: when(),
        lastActiveAt: when(),
        expiresAt,
        absoluteDeadline: latest(expiresAt, when()),
        inactivityTimeout: seconds(pick([300, 600, 900])),
        stepUpRequiredAt: maybe(when(), 0.4),
        steppedUpAt: maybe(when(), 0.4),
        ended: endedAt && { at: endedAt, reason: random() < 0.4 ? 'inactivity_timeout' : pick(reasons) },
      };
      sessions.push(session);
      const dates = [
        session.startedAt,
        session.signedInAt,
        session.lastActiveAt,
        session.expiresAt,
        session.absoluteDeadline,
        session.stepUpRequiredAt,
        session.steppedUpAt,
        endedAt,
      ].map((at) => at && new Date(at));
      await query(
        `UPDATE session SET started_at = $1, signed_in_at = $2, last_active_at = $3, expires_at = $4, absolute_deadline = $5,
           step_up_required_at = $6, stepped_up_at = $7, ended_at = $8, end_reason = $9, inactivity_timeout = $10 WHERE id = $11::uuid`,
        [...dates, session.ended?.reason ?? null, session.inactivityTimeout, sid],
      );
    }
    const clientEnds = clients.flatMap((clientId) => {
      const at = maybe(when(), 0.15);
      return at === null ? [] : [{ clientId, at }];
    });
    for (const { clientId, at } of clientEnds)
      await query(
        "INSERT INTO not_before (kind, target, at, reason) VALUES ('client', $1, $2, 'client_disabled')",
        [clientId, new Date(at)],
      );
    const [row] = await query<Record<string, unknown>>(
      `SELECT ${browserSessionColumns} FROM browser_session b, ${sessionsOfBrowser('$2::timestamptz')} WHERE b.uid = $1`,
      [uid, new Date(now)],
    );
    const stored = readBrowserSession(Object.values(row!) as BrowserSessionColumns)!;
    const facts = factsOfSessions(
      sessions,
      provedAt,
      (asked) =>
        clientEnds
          .filter(({ clientId }) => clientId === asked)
          .map(({ at }) => ({ kind: 'client', at, reason: 'client_disabled' })),
      now,
    );
    const { lastActiveAt, stepUpRequiredAt, silentFor, endedClients } = stored;
    expect({
      round,
      sessions,
      lastActiveAt,
      stepUpRequiredAt,
      silentFor,
      ended: [...endedClients].sort(),
    }).toEqual({
      round,
      sessions,
      lastActiveAt: latest(actedAt, facts.lastActiveAt ?? provedAt),
      stepUpRequiredAt: facts.stepUpRequiredAt,
      silentFor: facts.silentFor,
      ended: [...facts.endedClients].sort(),
    });
    for (const [name, value] of Object.entries(facts))
      sights.add(`${name} ${Array.isArray(value) ? value.length > 0 : value !== null}`);
    await query('DELETE FROM not_before');
    await query('DELETE FROM session WHERE account_id = $1::uuid', [accountId]);
    await query('DELETE FROM browser_session WHERE uid = $1', [uid]);
  }
  // Each fact was there, and was not.
  expect(sights.size).toBe(8);
});

it('a browser in which somebody is still signed in is listed, however many later ones have ended', async () => {
  const accountId = randomUUID();
  await house.database.query(
    `INSERT INTO browser_session (id_hash, uid, account_id, payload, signed_in_at, expires_at, ended_at, end_reason)
     SELECT decode(md5(n || $1::text), 'hex'), n || $1::text, $1::uuid, ''::bytea, $2::timestamptz + make_interval(secs => n), $2::timestamptz + interval '1 day',
       CASE WHEN n > 0 THEN $2::timestamptz + interval '10 minutes' END, CASE WHEN n > 0 THEN 'logout' END
     FROM generate_series(0, 250) AS n`,
    [accountId, new Date(t(0)).toISOString()],
  );
  const browsers = new BrowserSessionQueries(house.nodes[0].prisma, house.policies, {
    ended: seconds(86_400),
  });
  const listed = await browsers.liveOfAccount(accountId, t(700));
  // Their ends have no events, so they do not stay.
  await house.database.query('DELETE FROM browser_session WHERE account_id = $1', [accountId]);
  expect(listed.map(({ uid }) => uid)).toEqual([`0${accountId}`]);
});

it('a browser that ended is found and listed until its retention is over, though its row stays for offline sessions', async () => {
  const accountId = randomUUID();
  const rows = [
    ['live', null],
    ['late', 3_600],
    ['kept', 60],
  ] as const;
  for (const [name, ended] of rows)
    await house.database.query(
      `INSERT INTO browser_session (id_hash, uid, account_id, payload, signed_in_at, expires_at, ended_at, end_reason)
       SELECT decode(md5($2 || $1::text), 'hex'), $2 || $1::text, $1::uuid, ''::bytea, at, at + interval '1 year', at + make_interval(secs => $4), CASE WHEN $4 IS NOT NULL THEN 'logout' END
       FROM (SELECT $3::timestamptz AS at) a`,
      [accountId, name, new Date(t(0)).toISOString(), ended],
    );
  const browsers = new BrowserSessionQueries(house.nodes[0].prisma, house.policies, { ended: seconds(600) });
  const at = async (second: number) => {
    const all = await browsers.ofAccount(accountId, null, 10, t(second));
    const each = await Promise.all(rows.map(([name]) => browsers.find(`${name}${accountId}`, t(second))));
    const after = { signedInAt: instant(t(0) + 1), uid: '' };
    const gone = await browsers.ofAccount(accountId, after, 10, t(second));
    const names = [all, each, gone].map((found) => found.flatMap((one) => one?.uid.slice(0, 4) ?? []).sort());
    expect([names[1], names[2]]).toEqual([names[0], names[0]]);
    return names[0];
  };
  const seen = [await at(659), await at(660), await at(4_199), await at(4_200)];
  await house.database.query('DELETE FROM browser_session WHERE account_id = $1', [accountId]);
  expect(seen).toEqual([['kept', 'late', 'live'], ['late', 'live'], ['late', 'live'], ['live']]);
});
