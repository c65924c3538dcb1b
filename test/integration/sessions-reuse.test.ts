import { type RequestSignals, seconds, unknownSignals } from '@curfew/session-policy';
import { profiles } from '@curfew/session-policy/settings';
import type { Presenter } from '@curfew/sessions';
import { wholeNumbers } from '../support/random.js';
import { House, type SignedIn, t } from './sessions-house.js';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterEach(() => house.check());
afterAll(() => house?.close());

const window = 30;
const home: RequestSignals = {
  ...unknownSignals,
  ip: '192.0.2.1',
  prefix: '192.0.2.0/24',
  userAgentFamily: 'Firefox',
};
const away: RequestSignals = {
  ...home,
  ip: '198.51.100.9',
  prefix: '198.51.100.0/24',
  userAgentFamily: 'curl',
};

/** Rotates `times`, a minute apart from `from`; every token there ever was, oldest first. */
const lineage = async (who: SignedIn, times: number, from = 60) => {
  const tokens = [who.token];
  for (let n = 0; n < times; n++) tokens.push(await house.rotated(who, tokens.at(-1)!, t(from + 60 * n)));
  return tokens;
};
const reuse = { kind: 'refused', decision: { kind: 'end', reason: 'refresh_token_reuse' } };

describe('a retry within the window', () => {
  it('gets the same successor again, on any node, and the session lives', async () => {
    const who = await house.signIn();
    const successor = await house.rotated(who, who.token, t(10));
    for (const [at, node] of [
      [11, 0],
      [15, 1],
      [39.999, 0],
    ] as const)
      expect(await house.refresh(who, who.token, t(at), { node })).toEqual({
        kind: 'token',
        how: 'replay',
        token: successor,
      });
    expect(await house.endOf(who)).toBeNull();
    expect((await house.refresh(who, successor, t(40))).kind).toBe('token');
  });

  it.each([0.9, 1.8, 2.7])(
    'does not slide with each retry: only the first one at %s windows',
    async (windows) => {
      const who = await house.signIn();
      await house.rotated(who, who.token, t(10));
      for (let at = 0.9; at < windows; at += 0.9) await house.refresh(who, who.token, t(10 + at * window));
      const outcome = await house.refresh(who, who.token, t(10 + windows * window));
      expect(outcome.kind).toBe(windows < 1 ? 'token' : 'refused');
      expect(await house.endOf(who)).toBe(windows < 1 ? null : 'refresh_token_reuse');
    },
  );

  it('is reuse from the very end of the window on', async () => {
    const who = await house.signIn();
    await house.rotated(who, who.token, t(10));
    expect((await house.refresh(who, who.token, t(10 + window - 0.001))).kind).toBe('token');
    expect(await house.refresh(who, who.token, t(10 + window))).toMatchObject(reuse);
  });

  it('is counted, and one too many is reuse', async () => {
    const who = await house.signIn({ clientId: house.client({ retryLimit: 2 }) });
    await house.rotated(who, who.token, t(10));
    for (const at of [13, 14]) expect((await house.refresh(who, who.token, t(at))).kind).toBe('token');
    expect((await house.row(who)).retries).toBe(2);
    expect(await house.refresh(who, who.token, t(15))).toMatchObject(reuse);
  });

  it('is counted exactly among fifty at once: the limit, and no more', async () => {
    const who = await house.signIn({ clientId: house.client({ retryLimit: 3 }) });
    const successor = await house.rotated(who, who.token, t(10));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => house.refresh(who, who.token, t(15), { node: index % 2 })),
    );
    const answered = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
    const tokens = answered.flatMap((outcome) => (outcome.kind === 'token' ? outcome.token : []));
    expect(tokens.length).toBeLessThanOrEqual(3);
    expect(new Set([...tokens, successor]).size).toBe(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason.name).toBe('RefreshContention');
  });

  it('is closed by the first use of the successor', async () => {
    const who = await house.signIn();
    const successor = await house.rotated(who, who.token, t(10));
    await house.rotated(who, successor, t(12));
    expect(await house.refresh(who, who.token, t(13))).toMatchObject(reuse);
  });

  it('gets nothing after an end', async () => {
    const who = await house.signIn();
    await house.rotated(who, who.token, t(10));
    await house.nodes[1].service.end([who.sid], 'revoked_by_client', {}, t(11));
    expect(await house.refresh(who, who.token, t(12))).toMatchObject({
      decision: { kind: 'refuse', reason: 'revoked_by_client', evidence: { class: 'after_end' } },
    });
  });

  it('that an end overtakes between decision and commit gets nothing', async () => {
    const who = await house.signIn();
    await house.rotated(who, who.token, t(10));
    const { service } = house.nodes[0];
    const opened = (await service.openRefreshToken(who.token))!;
    const presenter = { clientId: who.clientId, keyThumbprint: null, signals: unknownSignals };
    const outcome = await service.present(opened, presenter, t(11));
    await house.nodes[1].service.end([who.sid], 'logout', {}, t(11));
    if (outcome.kind !== 'staged') throw new Error('not staged');
    expect(await outcome.staged.commit()).toMatchObject({
      kind: 'refused',
      decision: { kind: 'refuse', reason: 'logout' },
    });
  });

  it('keeps nothing alive: it is no activity', async () => {
    const who = await house.signIn();
    await house.rotated(who, who.token, t(10));
    await house.refresh(who, who.token, t(35));
    expect((await house.row(who)).last_active_at.getTime()).toBe(t(10));
  });

  it('in strict mode there is none: any second use ends the session', async () => {
    const who = await house.signIn({ clientId: house.client({ retryWindow: seconds(0) }) });
    await house.rotated(who, who.token, t(10));
    expect(await house.refresh(who, who.token, t(10))).toMatchObject(reuse);
  });
});

describe('reuse', () => {
  it.each([2, 10])('of an ancestor %s generations back ends the session, however old it is', async (back) => {
    const who = await house.signIn();
    const tokens = await lineage(who, 12);
    const old = tokens.at(-1 - back)!;
    expect(await house.refresh(who, old, t(60 * 13), { node: 1 })).toMatchObject(reuse);
    expect((await house.refresh(who, tokens.at(-1)!, t(60 * 13 + 1))).kind).toBe('refused');
    expect(await house.stands(who, t(60 * 13 + 1), { node: 1 })).toBe(false);
    expect(await house.events(who, 'session.ended')).toHaveLength(1);
  });

  it('by a thief after the holder rotated: both are out', async () => {
    const who = await house.signIn();
    const [stolen, , current] = await lineage(who, 2);
    expect(await house.refresh(who, stolen!, t(200), { signals: away })).toMatchObject(reuse);
    expect(await house.refresh(who, current!, t(201))).toMatchObject({
      decision: { kind: 'refuse', reason: 'refresh_token_reuse' },
    });
  });

  it('by the holder after a thief rotated: the thief is out too', async () => {
    const who = await house.signIn();
    const thiefs = await house.rotated(who, who.token, t(60));
    expect(await house.refresh(who, who.token, t(60 + window))).toMatchObject(reuse);
    expect((await house.refresh(who, thiefs, t(60 + window))).kind).toBe('refused');
    expect(await house.stands(who, t(60 + window))).toBe(false);
  });

  it('keeps the evidence: which generation, how long after, what differed, and what it most likely was', async () => {
    const cases = [
      { name: 'stale_lineage', at: 200, rotations: 3, back: 3, policy: {} },
      { name: 'lost_response', at: 60 + window + 5, rotations: 1, back: 1, policy: {} },
      { name: 'concurrent', at: 61, rotations: 1, back: 1, policy: { retryWindow: seconds(0) } },
    ];
    for (const { name, at, rotations, back, policy } of cases) {
      const who = await house.signIn({ clientId: house.client(policy), signals: home });
      const tokens = await lineage(who, rotations);
      await house.refresh(who, tokens.at(-1 - back)!, t(at), { signals: away });
      const evidence = {
        class: name,
        presentedGeneration: rotations - back,
        currentGeneration: rotations,
        secondsSinceRotation: at - 60 * rotations,
        differingSignals: ['ip', 'prefix', 'userAgentFamily'],
      };
      expect(await house.events(who, 'session.reuse_found')).toEqual([{ evidence, signals: away }]);
      const [ended] = await house.events(who, 'session.ended');
      expect(ended).toEqual({ reason: 'refresh_token_reuse', evidence, signals: away });
      expect((await house.row(who)).end_detail).toEqual({ evidence, signals: away });
    }
  });

  it('found fifty times at once on two nodes is one end, one finding, and refusals that are all recorded', async () => {
    const who = await house.signIn();
    const [old] = await lineage(who, 3);
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => house.refresh(who, old!, t(400), { node: index % 2 })),
    );
    expect(await house.events(who, 'session.ended')).toHaveLength(1);
    expect(await house.events(who, 'session.reuse_found')).toHaveLength(1);
    expect(await house.events(who, 'session.refresh_refused')).toHaveLength(49);
  });

  it('ends every session of the account in the same commit, where the policy says so', async () => {
    const clientId = house.client({ onReuse: 'account' });
    const who = await house.signIn({ clientId });
    const sibling = await house.signIn({ accountId: who.accountId });
    const stranger = await house.signIn();
    const [old] = await lineage(who, 2);
    await house.refresh(who, old!, t(300));
    expect(await house.endOf(sibling)).toBe('refresh_token_reuse');
    expect(await house.events(sibling, 'session.ended')).toEqual([
      { reason: 'refresh_token_reuse', because: who.sid },
    ]);
    expect(await house.endOf(stranger)).toBeNull();
    const commits = await house.database.query<{ commits: number }>(
      `SELECT count(DISTINCT xid)::int AS commits FROM event WHERE type IN ('session.ended', 'session.reuse_found') AND session_id = ANY($1)`,
      [[who.sid, sibling.sid]],
    );
    expect(commits[0]!.commits).toBe(1);
  });

  it('of a token whose session was forgotten long ago is refused like any unknown token', async () => {
    const who = await house.signIn();
    await house.nodes[0].service.end([who.sid], 'logout', {}, t(1));
    await house.nodes[0].sweeper.run(t(43_200 + 86_399));
    expect(await house.row(who)).toBeDefined();
    await house.nodes[0].sweeper.run(t(43_200 + 86_400));
    expect(await house.row(who)).toBeUndefined();
    expect(await house.refresh(who, who.token, t(43_200 + 86_401))).toEqual({
      kind: 'refused',
      decision: { kind: 'refuse', reason: 'unknown_token' },
    });
  });
});

describe('siblings: many processes of one client with one refresh token', () => {
  const serving = { ...profiles.agent.policy, siblingLimit: 6, deviceMismatch: 'observe' } as const;
  const agent = (facts: { keyThumbprint?: string } = {}) =>
    house.signIn({ clientId: house.client(serving), signals: home, ...facts });
  /** Five uses within a second, and the first use of what came of them. */
  const fiveAndOn = async (who: SignedIn, changes: Partial<Presenter> = {}) => {
    const uses = [0, 0.2, 0.4, 0.6, 0.9].map((at, index) =>
      house.refresh(who, who.token, t(at), { node: index % 2, signals: home, ...changes }),
    );
    const outcomes = await Promise.all(uses);
    const tokens = new Set(
      outcomes.map((outcome) => (outcome.kind === 'token' ? outcome.token : outcome.kind)),
    );
    expect(tokens.size).toBe(1);
    const [token] = tokens as Set<string>;
    const next = await house.refresh(who, token!, t(300), { signals: home, ...changes });
    if (next.kind !== 'token') throw new Error(next.kind);
    return next.token;
  };
  const late = t(0.9 + 7 * 60 + 45);

  it('five within a second, a sixth after 7 min 45 s, and then normal use: all are answered, one lineage goes on', async () => {
    const who = await agent();
    const live = await fiveAndOn(who);
    expect(await house.refresh(who, who.token, late, { signals: home, node: 1 })).toEqual({
      kind: 'sibling',
    });
    expect(await house.row(who)).toMatchObject({ generation: 2, siblings: 1, ended_at: null });
    expect((await house.row(who)).last_active_at.getTime()).toBe(t(300));
    expect((await house.refresh(who, live, t(900), { signals: home })).kind).toBe('token');
    expect((await house.row(who)).siblings).toBeNull();
    expect(await house.events(who, 'session.reuse_found')).toEqual([]);
    expect(await house.events(who, 'session.sibling_served')).toEqual([
      { presentedGeneration: 0, currentGeneration: 2, secondsSinceRotation: 165.9, signals: home },
    ]);
  });

  it.each<[string, Partial<Presenter>]>([
    ['from another network', { signals: { ...home, prefix: '198.51.100.0/24' } }],
    ['from another program', { signals: { ...home, userAgentFamily: 'curl' } }],
    ['with another key', { keyThumbprint: 'of a thief' }],
    ['without the key', { keyThumbprint: null }],
  ])('the sixth %s ends the session at once', async (_, changes) => {
    const key = { keyThumbprint: 'of the agent' };
    const who = await agent(key);
    const live = await fiveAndOn(who, key);
    expect(await house.refresh(who, who.token, late, { signals: home, ...key, ...changes })).toMatchObject(
      reuse,
    );
    expect((await house.refresh(who, live, t(900), { signals: home, ...key })).kind).toBe('refused');
  });

  it('after a rotation from elsewhere the ancestor of the holder ends the session: the thief is out too', async () => {
    const who = await agent();
    const live = await fiveAndOn(who);
    const stolen = await house.refresh(who, live, t(310), { signals: away });
    if (stolen.kind !== 'token') throw new Error(stolen.kind);
    expect((await house.row(who)).siblings).toBe(2_147_483_647);
    expect(await house.refresh(who, live, t(400), { signals: home, node: 1 })).toMatchObject(reuse);
    expect((await house.refresh(who, stolen.token, t(401), { signals: away })).kind).toBe('refused');
    expect(await house.stands(who, t(401))).toBe(false);
    expect(await house.events(who, 'session.sibling_served')).toEqual([]);
  });

  it('after a rotation from elsewhere and one from the sign-in again, siblings are served', async () => {
    const who = await agent();
    const live = await fiveAndOn(who);
    const roaming = await house.refresh(who, live, t(310), { signals: away });
    if (roaming.kind !== 'token') throw new Error(roaming.kind);
    expect((await house.refresh(who, roaming.token, t(320), { signals: home })).kind).toBe('token');
    expect((await house.row(who)).siblings).toBeNull();
    expect(await house.refresh(who, live, t(400), { signals: home })).toEqual({ kind: 'sibling' });
  });

  it('an end that overtakes a sibling between decision and commit leaves it nothing', async () => {
    const who = await agent();
    await fiveAndOn(who);
    const { service } = house.nodes[0];
    const opened = (await service.openRefreshToken(who.token))!;
    const presenter = { clientId: who.clientId, keyThumbprint: null, signals: home };
    const outcome = await service.present(opened, presenter, late);
    await house.nodes[1].service.end([who.sid], 'logout', {}, late);
    if (outcome.kind !== 'staged') throw new Error('not staged');
    expect(await outcome.staged.commit()).toMatchObject({ decision: { kind: 'refuse', reason: 'logout' } });
    expect(await house.events(who, 'session.sibling_served')).toEqual([]);
  });

  it('mixed races under random schedules: no second refresh token of any generation, no end, each sibling counted', async () => {
    const random = wholeNumbers('siblings');
    const who = await house.signIn({
      clientId: house.client({ ...serving, siblingLimit: 1_000, siblingDistance: 4 }),
      signals: home,
    });
    const tokens = [who.token];
    let siblings = 0;
    for (let round = 0; round < 60; round++) {
      // Each round all processes wake within a second, with copies of different ages; the live token is among them now and then.
      const at = 100 * round + 200;
      const uses = Array.from({ length: 12 }, (_, index) => {
        const age = random(0, Math.min(tokens.length, 4));
        const token = tokens.at(-1 - age)!;
        const when = t(at + random(0, 1_000) / 1_000);
        return house.refresh(who, token, when, { node: index % 2, signals: home });
      });
      const outcomes = await Promise.all(uses);
      expect(outcomes.filter(({ kind }) => kind === 'refused')).toEqual([]);
      siblings += outcomes.filter(({ kind }) => kind === 'sibling').length;
      const { generation, ended_at } = await house.row(who);
      expect(ended_at).toBeNull();
      const handedOut = outcomes.flatMap((outcome) => (outcome.kind === 'token' ? outcome.token : []));
      const fresh = new Set(handedOut.filter((token) => !tokens.includes(token)));
      expect(fresh.size).toBe(generation - (tokens.length - 1));
      expect(fresh.size).toBeLessThanOrEqual(1);
      tokens.push(...fresh);
    }
    expect(siblings).toBeGreaterThan(50);
    expect(await house.events(who, 'session.sibling_served')).toHaveLength(siblings);
    expect(tokens.length).toBeGreaterThan(20);
  });
});

describe('what must change nothing', () => {
  it.each(['live', 'superseded', 'long superseded'])(
    'another client with a %s token is refused, ends nothing, and is recorded',
    async (which) => {
      const who = await house.signIn({ signals: home });
      const tokens = await lineage(who, 2);
      const token = { live: tokens[2]!, superseded: tokens[1]!, 'long superseded': tokens[0]! }[which]!;
      const before = await house.row(who);
      const foreign = house.client();
      expect(await house.refresh(who, token, t(400), { clientId: foreign, signals: away })).toMatchObject({
        decision: { kind: 'refuse', reason: 'wrong_client' },
      });
      expect(await house.row(who)).toEqual(before);
      expect(await house.events(who, 'session.refresh_refused')).toMatchObject([
        { cause: 'wrong_client', presentedBy: foreign, evidence: { class: 'foreign_client' }, signals: away },
      ]);
      expect((await house.refresh(who, tokens[2]!, t(401))).kind).toBe('token');
    },
  );

  it('a right generation with a secret the row does not know is an alarm and no end', async () => {
    const who = await house.signIn();
    const { service } = house.nodes[0];
    const forged = service.refreshToken(who.sid, 0, Buffer.alloc(32, 9));
    const ahead = service.refreshToken(who.sid, 5, Buffer.alloc(32, 9));
    for (const [token, name] of [
      [forged, 'unknown_secret'],
      [ahead, 'ahead_of_row'],
    ] as const)
      expect(await house.refresh(who, token, t(10))).toMatchObject({
        decision: { kind: 'refuse', reason: 'unknown_token', evidence: { class: name } },
      });
    expect((await house.refresh(who, who.token, t(11))).kind).toBe('token');
  });

  it('a presentation that is staged and never committed', async () => {
    const who = await house.signIn();
    const before = await house.row(who);
    const { service } = house.nodes[0];
    const opened = (await service.openRefreshToken(who.token))!;
    const presenter = { clientId: who.clientId, keyThumbprint: null, signals: away };
    await service.present(opened, presenter, t(10));
    await house.nodes[0].events.flush();
    expect(await house.row(who)).toEqual(before);
    expect(await house.events(who, 'session.risk_observed')).toEqual([]);
  });
});

describe('a client that does not rotate', () => {
  it('keeps its token for the life of the session, and every use is activity', async () => {
    const who = await house.signIn({ clientId: house.client({ rotation: 'never' }) });
    for (const at of [100, 1500, 3000])
      expect(await house.refresh(who, who.token, t(at), { node: at % 3 ? 0 : 1 })).toEqual({
        kind: 'token',
        how: 'keep',
        token: who.token,
      });
    expect(await house.row(who)).toMatchObject({ generation: 0, last_active_at: new Date(t(3000)) });
    expect((await house.refresh(who, who.token, t(3000 + 1800))).kind).toBe('refused');
  });

  it('may use it fifty times at once', async () => {
    const who = await house.signIn({ clientId: house.client({ rotation: 'never' }) });
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) => house.refresh(who, who.token, t(100), { node: index % 2 })),
    );
    expect(new Set(outcomes.map((outcome) => outcome.kind === 'token' && outcome.token))).toEqual(
      new Set([who.token]),
    );
  });
});

describe('events of everyday use', () => {
  it('are summed up by client, and written in one go', async () => {
    const who = await house.signIn();
    await house.nodes[0].events.flush();
    await lineage(who, 5);
    await house.nodes[0].events.flush();
    const rows = await house.database.query(
      `SELECT client_id, data FROM event_count WHERE type = 'sessions.refreshed' AND client_id = $1`,
      [who.clientId],
    );
    expect(rows).toEqual([{ client_id: who.clientId, data: { count: 5 } }]);
  });

  it('tell of each retry what it was', async () => {
    const who = await house.signIn();
    await house.rotated(who, who.token, t(10));
    await house.refresh(who, who.token, t(15), { signals: home });
    await house.nodes[0].events.flush();
    expect(await house.events(who, 'session.refresh_retried')).toMatchObject([
      { generation: 1, retries: 1, secondsSinceRotation: 5, signals: { ip: home.ip } },
    ]);
  });
});
