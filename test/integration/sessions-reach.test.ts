import { randomUUID } from 'node:crypto';
import {
  type EndReason,
  endReasonEntry,
  endReasons,
  type Instant,
  seconds,
  unknownSignals,
} from '@curfew/session-policy';
import { failExactlyAt } from '../support/faults.js';
import { House, type SignedIn, t, t0 } from './sessions-house.js';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterEach(async () => house?.check());
afterAll(async () => house?.close());

/** A browser in which an account signed in at t0. */
async function browser(accountId: string, at: Instant = t0): Promise<string> {
  const uid = randomUUID();
  await house.database.query(
    `INSERT INTO browser_session (id_hash, uid, account_id, payload, signed_in_at, last_active_at, inactivity_timeout, absolute_deadline, expires_at)
     VALUES (decode(md5($1), 'hex'), $1, $2, 'sealed', $3, $3, 1800, $3::timestamptz + interval '12 hours', $3::timestamptz + interval '14 days')`,
    [uid, accountId, new Date(at)],
  );
  return uid;
}

interface BrowserRow {
  ended_at: Date | null;
  end_reason: string | null;
  end_detail: Record<string, unknown> | null;
}
const browserRow = async (uid: string): Promise<BrowserRow> =>
  (await house.database.query<BrowserRow>('SELECT * FROM browser_session WHERE uid = $1', [uid]))[0]!;

/** Two browsers of one person: the first with three sessions, one of them offline, the second with one; and a device. */
async function aPerson(clientId = house.client(), signals = unknownSignals) {
  const accountId = randomUUID();
  const [here, there] = [await browser(accountId), await browser(accountId)];
  const signIn = (uid?: string, offline = false) =>
    house.signIn({ accountId, clientId, offline, signals, ...(uid && { browser: uid }) });
  const named = await signIn(here);
  const sibling = await signIn(here);
  const offline = await signIn(here, true);
  const elsewhere = await signIn(there);
  const device = await signIn();
  return { accountId, here, there, named, sibling, offline, elsewhere, device };
}

type Person = Awaited<ReturnType<typeof aPerson>>;

/** The names of the sessions that are over. */
async function overOf(person: Person): Promise<string[]> {
  const sessions = ['named', 'sibling', 'offline', 'elsewhere', 'device'] as const;
  const browsers = ['here', 'there'] as const;
  const over: string[] = [];
  for (const name of sessions) if (await house.endOf(person[name])) over.push(name);
  for (const name of browsers) if ((await browserRow(person[name])).ended_at) over.push(name);
  return over;
}

const wholeBrowser = ['named', 'sibling', 'offline', 'here'];
const by = { kind: 'administrator', id: 'operator-1', ip: null } as const;

describe('the end of a session', () => {
  it.each(endReasons)('reaches as far as the table says: %s', async (reason) => {
    const person = await aPerson();
    await house.nodes[1].service.end([person.named.sid], reason, {}, t(10));
    const isBrowser = !['session', 'by_policy'].includes(endReasonEntry(reason).reach);
    expect(await overOf(person)).toEqual(isBrowser ? wholeBrowser : ['named']);
  });

  it('may be narrowed to the session by whoever orders it', async () => {
    const person = await aPerson();
    const { service } = house.nodes[0];
    const ended = await service.end([person.named.sid], 'ended_by_administrator', { by }, t(10), {
      reach: 'session',
    });
    expect(ended).toMatchObject({ sessions: [{ id: person.named.sid }], browserSessions: [] });
    expect(await overOf(person)).toEqual(['named']);
  });

  it('is one commit with one reason and one event for each, and those that end along name the first', async () => {
    const person = await aPerson();
    const { sid } = person.named;
    const detail = { by, note: 'laptop stolen' };
    const ended = await house.nodes[0].service.end([sid], 'ended_by_administrator', detail, t(10));
    expect(ended.sessions.map(({ id }) => id).toSorted()).toEqual(
      [sid, person.sibling.sid, person.offline.sid].toSorted(),
    );
    expect(ended.browserSessions).toEqual([{ uid: person.here, accountId: person.accountId }]);
    const said = { reason: 'ended_by_administrator', ...detail };
    expect(await house.events(person.named, 'session.ended')).toEqual([said]);
    expect(await house.events(person.sibling, 'session.ended')).toEqual([{ ...said, because: sid }]);
    expect((await browserRow(person.here)).end_detail).toEqual({ ...detail, because: sid, sessionsEnded: 3 });
    const [seen] = await house.database.query<{ commits: number; events: number }>(
      `SELECT count(DISTINCT xid)::int AS commits, count(*)::int AS events FROM event
       WHERE type IN ('session.ended', 'signin.ended') AND account_id = $1`,
      [person.accountId],
    );
    expect(seen).toEqual({ commits: 1, events: 4 });
  });

  it('signs its browser out also where the session was over already', async () => {
    const person = await aPerson();
    const { service } = house.nodes[0];
    await service.end([person.named.sid], 'revoked_by_client', {}, t(5));
    const ended = await service.end([person.named.sid], 'ended_by_administrator', {}, t(10));
    expect(ended.sessions).toHaveLength(2);
    expect(await house.endOf(person.named)).toBe('revoked_by_client');
    expect(await overOf(person)).toEqual(wholeBrowser);
    expect(await service.end([person.named.sid], 'ended_by_administrator', {}, t(11))).toEqual({
      sessions: [],
      browserSessions: [],
    });
  });

  it('on a device without a browser is the end of that session', async () => {
    const person = await aPerson();
    await house.nodes[0].service.end([person.device.sid], 'ended_by_user', {}, t(10));
    expect(await overOf(person)).toEqual(['device']);
  });

  it('leaves another person’s sessions of the same browser alone', async () => {
    const person = await aPerson();
    const guest = await house.signIn({ browser: person.here });
    await house.nodes[0].service.end([person.named.sid], 'ended_by_user', {}, t(10));
    expect(await house.endOf(guest)).toBeNull();
    await house.nodes[0].service.end([guest.sid], 'revoked_by_client', {}, t(11));
  });
});

describe('many ends at once, over the same browsers', () => {
  /** Each act with what it ended, by names. */
  async function carriedOut(person: Person, isAtOnce: boolean) {
    const { service } = house.nodes[0];
    const { named, sibling, offline, elsewhere, device, here, there } = person;
    const names = new Map(
      Object.entries({ named, sibling, offline, elsewhere, device }).map(([name, { sid }]) => [sid, name]),
    );
    const acts = [
      () => service.end([], 'ended_by_user', {}, t(10), { browserSessionUids: [here], keepOffline: true }),
      () => service.end([sibling.sid], 'ended_by_administrator', { by }, t(11)),
      () => service.end([named.sid, device.sid], 'ended_by_administrator', { by }, t(12)),
      () => service.end([elsewhere.sid], 'ended_by_user', {}, t(13)),
      () => service.end([elsewhere.sid], 'logout', {}, t(14), { browserSessionUids: [there] }),
    ];
    const outcomes = [];
    if (isAtOnce) outcomes.push(...(await Promise.all(acts.map((act) => act()))));
    else for (const act of acts) outcomes.push(await act());
    return outcomes.map(({ sessions, browserSessions }) => ({
      sessions: sessions.map(({ id }) => names.get(id)).sort(),
      browsers: browserSessions.map(({ uid }) => (uid === here ? 'here' : 'there')),
    }));
  }

  it('are what they would be one after the other, with one event for each', async () => {
    const [together, apart] = [await aPerson(), await aPerson()];
    expect(await carriedOut(together, true)).toEqual(await carriedOut(apart, false));
    expect(await overOf(together)).toEqual([
      'named',
      'sibling',
      'offline',
      'elsewhere',
      'device',
      'here',
      'there',
    ]);
    for (const { accountId } of [together, apart]) {
      const told = await house.database.query<{ type: string; count: number }>(
        `SELECT type, count(*)::int AS count FROM event WHERE account_id = $1 AND type LIKE '%.ended' GROUP BY type ORDER BY type`,
        [accountId],
      );
      expect(told).toEqual([
        { type: 'session.ended', count: 5 },
        { type: 'signin.ended', count: 2 },
      ]);
    }
  });

  it('on two nodes, beside refreshes, end each session once and let nobody fail', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => aPerson()));
    const work = people.flatMap(({ here, named, sibling }, index) => [
      house.nodes[index % 2]!.service.end([named.sid], 'ended_by_administrator', { by }, t(10)),
      house.nodes[(index + 1) % 2]!.service.end([sibling.sid], 'risk_ip', {}, t(10)),
      house.nodes[index % 2]!.service.end([], 'ended_by_user', {}, t(10), { browserSessionUids: [here] }),
      house.refresh(named, named.token, t(9)),
      house.refresh(sibling, sibling.token, t(9), { node: 1 }),
    ]);
    await Promise.all(work);
    for (const person of people) {
      expect(await overOf(person)).toEqual(wholeBrowser);
      for (const name of ['named', 'sibling', 'offline'] as const)
        expect(await house.events(person[name], 'session.ended')).toHaveLength(1);
    }
  });
});

describe('a browser that is ended by name', () => {
  it.each([
    [false, wholeBrowser],
    [true, ['named', 'sibling', 'here']],
  ])('takes what it signed in; offline sessions stay where they are kept: %s', async (keepOffline, over) => {
    const person = await aPerson();
    const along = { browserSessionUids: [person.here], keepOffline };
    await house.nodes[0].service.end([], 'ended_by_user', {}, t(10), along);
    expect(await overOf(person)).toEqual(over);
  });
});

describe('an end of a whole account', () => {
  it.each([
    ['account_disabled', ['named', 'sibling', 'offline', 'elsewhere', 'device', 'here', 'there']],
    ['password_changed', ['named', 'sibling', 'offline', 'elsewhere', 'device', 'here', 'there']],
  ] as const)('signs out its browsers in the same commit: %s', async (reason, over) => {
    const person = await aPerson();
    const massEnd = { kind: 'account', target: person.accountId, reason, at: t(10), detail: { by } } as const;
    const ended = await house.nodes[0].service.endAll(massEnd);
    expect(ended.browserSessions).toHaveLength(2);
    expect(await overOf(person)).toEqual(over);
    expect((await browserRow(person.here)).end_detail).toEqual({ by });
  });

  it('spares who signed in after it', async () => {
    const accountId = randomUUID();
    const later = await browser(accountId, t(11));
    const reason = 'password_changed';
    await house.nodes[0].service.endAll({
      kind: 'account',
      target: accountId,
      reason,
      at: t(10),
      detail: {},
    });
    expect((await browserRow(later)).ended_at).toBeNull();
  });
});

describe('an end of a client', () => {
  it('leaves the browsers signed in', async () => {
    const person = await aPerson();
    const target = person.named.clientId;
    const reason = 'ended_by_administrator';
    await house.nodes[0].service.endAll({ kind: 'client', target, reason, at: t(10), detail: {} });
    expect(await overOf(person)).toEqual(['named', 'sibling', 'offline', 'elsewhere', 'device']);
  });
});

describe('reuse of a refresh token', () => {
  it.each([
    ['session', ['named']],
    ['browser', wholeBrowser],
    ['account', ['named', 'sibling', 'offline', 'elsewhere', 'device', 'here', 'there']],
  ] as const)('reaches as far as the policy says: %s', async (onReuse, over) => {
    const person = await aPerson(house.client({ onReuse, retryWindow: seconds(0) }));
    await house.rotated(person.named, person.named.token, t(10));
    const reused = await house.refresh(person.named, person.named.token, t(20));
    expect(reused).toMatchObject({ kind: 'refused', decision: { reason: 'refresh_token_reuse' } });
    expect(await overOf(person)).toEqual(over);
    for (const session of ['sibling', 'elsewhere'] as const) {
      const expected = (over as readonly string[]).includes(session)
        ? [expect.objectContaining({ reason: 'refresh_token_reuse', because: person.named.sid })]
        : [];
      expect(await house.events(person[session], 'session.ended')).toEqual(expected);
    }
  });
});

it('ends no browser where the session had ended before its end was carried out', async () => {
  const person = await aPerson(house.client({ onReuse: 'browser', retryWindow: seconds(0) }));
  const { clientId, token, sid } = person.named;
  await house.rotated(person.named, token, t(10));
  const { service } = house.nodes[0];
  const opened = (await service.openRefreshToken(token))!;
  await service.end([sid], 'revoked_by_client', {}, t(15));
  const presenter = { clientId, keyThumbprint: null, signals: unknownSignals };
  const decision = { kind: 'refuse', reason: 'revoked_by_client' };
  expect(await service.present(opened, presenter, t(20))).toMatchObject({ kind: 'refused', decision });
  expect(await overOf(person)).toEqual(['named']);
  expect(await house.events(person.named, 'session.reuse_found')).toEqual([]);
});

describe('a finding of risk', () => {
  it('takes the browser along, in the commit of the refusal', async () => {
    const person = await aPerson(house.client({ ipChange: 'end', ipGranularity: 'exact' }), {
      ...unknownSignals,
      ip: '192.0.2.1',
    });
    const signals = { ...unknownSignals, ip: '198.51.100.7' };
    const seen = await house.refresh(person.named, person.named.token, t(10), { signals });
    expect(seen).toMatchObject({ kind: 'refused', decision: { reason: 'risk_ip' } });
    expect(await overOf(person)).toEqual(wholeBrowser);
  });
});

describe('an end that reaches a browser', () => {
  it('waits for a session that starts in it, and ends that too', async () => {
    const person = await aPerson();
    const hold = await failExactlyAt(
      house.database,
      { table: 'session', operation: 'INSERT', timing: 'before', times: 1 },
      { kind: 'barrier' },
    );
    const starting = startIn(person);
    await hold.arrived(1);
    const ending = house.nodes[1].service.end([person.named.sid], 'ended_by_administrator', {}, t(10));
    await hold.open();
    const [started] = await Promise.all([starting, ending]);
    await hold.remove();
    expect(await house.endOf(started)).toBe('ended_by_administrator');
  });

  it('never deadlocks with others, whatever they name', async () => {
    const person = await aPerson();
    const names = ['named', 'sibling', 'elsewhere', 'offline'] as const;
    const reasons: EndReason[] = ['ended_by_administrator', 'ended_by_user', 'risk_ip', 'revoked_by_client'];
    await Promise.all(
      Array.from({ length: 24 }, (_, index) => {
        const ids = [names[index % 4]!, names[(index + 1) % 4]!].map((name) => person[name].sid);
        const { service } = house.nodes[index % 2]!;
        return service.end(ids, reasons[index % 3]!, {}, t(10));
      }),
    );
    expect(await overOf(person)).toEqual(['named', 'sibling', 'offline', 'elsewhere', 'here', 'there']);
  });
});

/** Starts a session in the first browser as a code exchange does: that holds the browser's row. */
async function startIn({ accountId, here, named }: Person): Promise<SignedIn> {
  return house.signIn({
    accountId,
    clientId: named.clientId,
    browser: here,
    alongside: async (transaction) => {
      await transaction!
        .$queryRaw`SELECT 1 FROM browser_session WHERE uid = ${here} AND ended_at IS NULL FOR KEY SHARE`;
    },
  });
}
