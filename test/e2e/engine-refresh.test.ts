import http from 'node:http';
import { asParallel } from '../support/parallel-window.js';
import { type Answer, atOnce, type EngineClient, EngineWorld, orders } from './engine-world.js';
import { asHeader } from './protocol-world.js';

let world: EngineWorld;
let web: EngineClient;
let other: EngineClient;
let api: EngineClient;
beforeAll(async () => {
  world = await EngineWorld.start();
  [web, other, api] = [
    await world.client(),
    await world.client(),
    await world.client({ grant_types: [], redirect_uris: [], resources: [], resource: orders }),
  ];
}, 90_000);
afterEach(() => world.check());
afterAll(() => world?.stop());

const refusal = { status: 400, body: { error: 'invalid_grant' } };

describe('the life of a session', () => {
  it('goes from sign-in through refresh, retry, reuse and introspection to its end', async () => {
    const first = await world.signIn(web);
    expect(await world.isActive(api, first.access_token)).toBe(true);
    const second = await world.refreshed(web, first.refresh_token);
    const again = await world.refreshed(web, first.refresh_token, { node: 1 });
    expect(again.refresh_token).toBe(second.refresh_token);
    const third = await world.refreshed(web, second.refresh_token);
    expect(await world.refresh(web, first.refresh_token)).toMatchObject(refusal);
    for (const { access_token } of [first, second, again, third])
      expect(await world.isActive(api, access_token, 1)).toBe(false);
    expect(await world.endOf(first.sid)).toBe('refresh_token_reuse');
  });
});

describe('a late process of a client that shares its refresh token', () => {
  it('gets an access token and no refresh token, which the session answers for as for any other', async () => {
    const agent = await world.client({}, { siblings: 'serve' });
    const first = await world.signIn(agent);
    const second = await world.refreshed(agent, first.refresh_token);
    const third = await world.refreshed(agent, second.refresh_token, { node: 1 });
    const late = await world.refresh(agent, first.refresh_token);
    expect(late).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 600 } });
    expect(late.body).not.toHaveProperty('refresh_token');
    expect(await world.isActive(api, late.body.access_token, 1)).toBe(true);
    expect(await world.events(first.sid, 'session.sibling_served')).toMatchObject([
      { data: { presentedGeneration: 0, currentGeneration: 2 } },
    ]);
    await world.revoke(agent, third.refresh_token);
    expect(await world.isActive(api, late.body.access_token)).toBe(false);
    expect(await world.refresh(agent, first.refresh_token)).toMatchObject(refusal);
  });

  it('gets no more than it asks for, and what is refused counts nothing', async () => {
    const agent = await world.client({}, { siblings: 'serve' });
    const { refresh_token, sid } = await world.signIn(agent);
    const { refresh_token: next } = await world.refreshed(agent, refresh_token);
    await world.refreshed(agent, next);
    const form = { grant_type: 'refresh_token', refresh_token };
    expect((await world.token(agent, { ...form, scope: 'openid ledger:all' })).body.error).toBe(
      'invalid_scope',
    );
    expect((await world.token(agent, { ...form, resource: 'https://unknown.example' })).body.error).toBe(
      'invalid_target',
    );
    expect(await world.row(sid)).toMatchObject({ siblings: null, ended_at: null, generation: 2 });
    expect(await world.token(agent, form)).toMatchObject({ status: 200 });
    expect(await world.row(sid)).toMatchObject({ siblings: 1, ended_at: null, generation: 2 });
  });
});

describe('fifty uses of one refresh token at once, on two nodes', () => {
  it('have exactly one successor, and every one of them gets it', async () => {
    const [{ sid }, answers] = await asParallel(
      () => world.signIn(web),
      ({ refresh_token }) => atOnce(50, (node) => world.refresh(web, refresh_token, { node })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const successors = new Set(answers.map(({ body }) => body.refresh_token));
    expect(successors.size).toBe(1);
    expect((await world.row(sid)).generation).toBe(1);
    await world.refreshed(web, [...successors][0]);
  });

  it('in strict mode have at most one successor, and end the session when they collide', async () => {
    const strict = await world.client({}, { retryWindow: '0s' });
    const { refresh_token, sid } = await world.signIn(strict);
    const answers = await atOnce(50, (node) => world.refresh(strict, refresh_token, { node }));
    const won = answers.filter(({ status }) => status === 200);
    expect(won.length).toBeLessThanOrEqual(1);
    for (const lost of answers.filter((answer) => !won.includes(answer))) expect(lost).toMatchObject(refusal);
    expect(await world.endOf(sid)).toBe('refresh_token_reuse');
    expect(await world.events(sid, 'session.ended')).toHaveLength(1);
    expect(await world.events(sid, 'session.reuse_found')).toHaveLength(1);
  });
});

describe('a client that lost its answer', () => {
  it('gets the same successor again, and its session lives', async () => {
    const { refresh_token, sid } = await world.signIn(web);
    await refreshAndHangUp(web, refresh_token);
    await world.until('the rotation is done', async () => (await world.row(sid)).generation === 1);
    const [one, two] = [
      await world.refreshed(web, refresh_token, { node: 1 }),
      await world.refreshed(web, refresh_token),
    ];
    expect(one.refresh_token).toBe(two.refresh_token);
    expect(one.access_token).not.toBe(two.access_token);
    await world.refreshed(web, one.refresh_token);
    expect(await world.endOf(sid)).toBeNull();
  });

  it.each([
    [0.9, 200],
    [1.8, 400],
    [2.7, 400],
  ])(
    'may come back once within the window, which does not slide: after %s windows it is %s',
    async (windows, status) => {
      const { refresh_token, sid } = await world.signIn(web);
      await world.refreshed(web, refresh_token);
      for (let passed = 0.9; passed < windows; passed += 0.9) {
        await world.pass(0.9 * 30);
        await world.refresh(web, refresh_token, { node: 1 });
      }
      await world.pass(0.9 * 30);
      expect((await world.refresh(web, refresh_token)).status).toBe(status);
      expect(await world.endOf(sid)).toBe(status === 200 ? null : 'refresh_token_reuse');
    },
  );
});

describe('reuse', () => {
  it('ends the session with every access token it ever gave, on every node, in one commit with its event', async () => {
    const first = await world.signIn(web);
    const second = await world.refreshed(web, first.refresh_token);
    await world.pass(31);
    const headers = { 'user-agent': 'curl/8.0', 'x-forwarded-for': '198.51.100.7' };
    expect(await world.refresh(web, first.refresh_token, { node: 1, headers })).toMatchObject(refusal);
    for (const node of [0, 1]) {
      for (const { access_token } of [first, second]) {
        expect(await world.isActive(api, access_token, node)).toBe(false);
        expect((await world.userinfo(access_token, node)).status).toBe(401);
      }
      expect(await world.refresh(web, second.refresh_token, { node })).toMatchObject(refusal);
    }
    const [ended, ...more] = await world.events(first.sid, 'session.ended');
    expect(more).toEqual([]);
    expect(ended!.data).toMatchObject({
      reason: 'refresh_token_reuse',
      evidence: { class: 'lost_response', presentedGeneration: 0, currentGeneration: 1 },
      signals: { ip: '198.51.100.7' },
    });
    expect(ended!.data.evidence.secondsSinceRotation).toBeGreaterThanOrEqual(31);
    expect(ended!.data.evidence.differingSignals).toContain('ip');
    const [{ xids }] = (await world.database.query(
      `SELECT count(DISTINCT xid)::int AS xids FROM event WHERE session_id = $1 AND type IN ('session.ended', 'session.reuse_found')`,
      [first.sid],
    )) as [{ xids: number }];
    expect(xids).toBe(1);
  });

  it('is still known after every node was restarted', async () => {
    const first = await world.signIn(web);
    const second = await world.refreshed(web, first.refresh_token);
    await world.restart();
    const third = await world.refreshed(web, second.refresh_token);
    expect(await world.refresh(web, first.refresh_token, { node: 1 })).toMatchObject(refusal);
    expect(await world.isActive(api, third.access_token)).toBe(false);
    expect(await world.endOf(first.sid)).toBe('refresh_token_reuse');
  });
});

describe('who must not be able to change anything', () => {
  it('another client, with a live or a superseded token: refused, recorded, and the session lives', async () => {
    const first = await world.signIn(web);
    const second = await world.refreshed(web, first.refresh_token);
    const before = await world.row(first.sid);
    for (const token of [first.refresh_token, second.refresh_token])
      expect(await world.refresh(other, token, { node: 1 })).toMatchObject(refusal);
    for (const token of [second.refresh_token, second.access_token])
      expect((await world.revoke(other, token)).status).toBe(200);
    expect(await world.row(first.sid)).toEqual(before);
    const refused = await world.events(first.sid, 'session.refresh_refused');
    expect(refused.map(({ data }) => [data.cause, data.presentedBy, data.evidence.class])).toEqual([
      ['wrong_client', other.id, 'foreign_client'],
      ['wrong_client', other.id, 'foreign_client'],
    ]);
    expect(await world.isActive(api, second.access_token)).toBe(true);
    await world.refreshed(web, second.refresh_token);
  });

  it('whoever does not know the secret of the client', async () => {
    const { refresh_token, sid } = await world.signIn(web);
    const before = await world.row(sid);
    for (const secret of ['wrong', '']) {
      const impostor = { id: web.id, secret };
      expect((await world.refresh(impostor, refresh_token)).status).toBe(401);
      expect((await world.revoke(impostor, refresh_token)).status).toBe(401);
    }
    expect(await world.row(sid)).toEqual(before);
  });

  it('whoever presents what was never a token: nothing changes, and it is counted, not stored', async () => {
    const { refresh_token, access_token } = await world.signIn(web);
    for (let n = 0; n < 20; n++) await world.refresh(web, `${refresh_token.slice(0, -3)}AAA`);
    await world.introspect(api, `${access_token}x`);
    await world.revoke(web, 'garbage');
    await world.userinfo('garbage');
    const counted = () =>
      world.database.query<{ endpoint: string; count: number }>(
        `SELECT data->>'endpoint' AS endpoint, sum((data->>'count')::int)::int AS count FROM event_count WHERE type = 'token.unknown' GROUP BY 1 ORDER BY 1`,
      );
    await world.until('they are counted', async () => (await counted()).length === 4);
    // A count that has not doubled since it was written waits for the end of its minute (ADR 49).
    await world.until('all are counted', async () => (await counted())[2]!.count === 20, 75_000);
    const rows = await world.database.query(`SELECT data FROM event_count WHERE type = 'token.unknown'`);
    expect(rows.length).toBeLessThan(15);
    expect(JSON.stringify(rows)).not.toContain('garbage');
  }, 90_000);
});

describe('from outside, tokens that do not work are all the same', () => {
  const visible = ({ status, sentHeaders, headers, raw }: Answer) =>
    JSON.stringify([status, sentHeaders, raw])
      .replace(headers.date!, '')
      .replace(headers['x-request-id'] as string, '');
  /** Refresh and access tokens that are dead, each in its own way. */
  const dead = async () => {
    const [revoked, reused, expired, idle] = [
      await world.signIn(web),
      await world.signIn(web),
      await world.signIn(web),
      await world.signIn(web),
    ];
    await world.revoke(web, revoked.refresh_token);
    const next = await world.refreshed(web, reused.refresh_token);
    await world.refreshed(web, next.refresh_token);
    await world.refresh(web, reused.refresh_token);
    for (const { sid } of [expired, idle])
      await world.database.query(
        `UPDATE session SET last_active_at = last_active_at - interval '1 day', signed_in_at = signed_in_at - interval '1 day', authenticated_at = authenticated_at - interval '1 day',
           expires_at = expires_at - interval '1 day', absolute_deadline = absolute_deadline - make_interval(days => $2) WHERE id = $1`,
        [sid, sid === expired.sid ? 1 : 0],
      );
    const foreign = await world.signIn(other);
    const { refresh_token, access_token } = revoked;
    const all = [revoked, reused, expired, idle, foreign];
    return {
      refresh: [
        ...all.map((one) => one.refresh_token),
        'x',
        `${refresh_token}=`,
        refresh_token.slice(0, -1),
        'cfw_rt_',
        '%00',
      ],
      access: [
        ...all.map((one) => one.access_token),
        'x',
        `${access_token}=`,
        access_token.slice(0, -1),
        'cfw_at_',
        '%00',
      ],
    };
  };

  it('at the token endpoint, to introspection and to revocation: the same bytes', async () => {
    const tokens = await dead();
    const refreshes = [];
    const introspections = [];
    const revocations = [];
    for (const token of tokens.refresh) refreshes.push(await world.refresh(web, token));
    for (const token of [...tokens.access, ...tokens.refresh])
      introspections.push(await world.introspect(web, token));
    for (const token of [...tokens.access, ...tokens.refresh])
      revocations.push(await world.revoke(web, token));
    expect(refreshes[0]).toMatchObject(refusal);
    expect(introspections[0]).toMatchObject({ status: 200, body: { active: false } });
    expect(revocations[0]!.status).toBe(200);
    for (const answers of [refreshes, introspections, revocations])
      expect([...new Set(answers.map(visible))]).toEqual([visible(answers[0]!)]);
  });
});

describe('introspection of a refresh token', () => {
  it('tells its own client until when the session lives, is no use of it, and tells nobody else anything', async () => {
    const client = await world.client();
    const first = await world.signIn(client);
    await world.pass(200);
    const { body } = await world.introspect(client, first.refresh_token);
    const row = await world.row(first.sid);
    expect(body).toMatchObject({ active: true, client_id: client.id, sid: first.sid });
    expect(body.exp).toBe(Math.floor(row.expires_at.getTime() / 1000));
    expect(body.idle_expires_in).toBeLessThanOrEqual(1600);
    expect((await world.introspect(api, first.refresh_token)).body).toEqual({ active: false });
    const second = await world.refreshed(client, first.refresh_token);
    expect((await world.introspect(client, first.refresh_token)).body).toEqual({ active: false });
    expect((await world.introspect(client, second.refresh_token)).body.active).toBe(true);
  });
});

/** Sends a refresh and breaks the connection as soon as the answer begins to arrive. */
const refreshAndHangUp = (client: EngineClient, token: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }).toString();
    const request = http.request(
      {
        host: '127.0.0.1',
        port: world.nodes[0]!.port,
        method: 'POST',
        path: '/token',
        headers: {
          host: new URL(world.issuer).host,
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(body),
          ...asHeader(client as never),
        },
      },
      (response) => {
        response.destroy();
        resolve();
      },
    );
    request.on('error', reject);
    request.end(body);
  });
