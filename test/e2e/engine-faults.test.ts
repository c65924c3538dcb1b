import { failExactlyAt, type InstalledFault, type Place } from '../support/faults.js';
import {
  type Answer,
  atOnce,
  type EngineClient,
  EngineWorld,
  ledger,
  orders,
  type Tokens,
} from './engine-world.js';

let world: EngineWorld;
let web: EngineClient;
let api: EngineClient;
const settings = {
  CURFEW_DATABASE_STATEMENT_TIMEOUT: '1s',
  CURFEW_DATABASE_CONNECT_TIMEOUT: '2s',
  CURFEW_DATABASE_POOL_SIZE: '4',
};
beforeAll(async () => {
  world = await EngineWorld.start({ proxied: true, settings });
  web = await world.client();
  api = await world.client({ grant_types: [], redirect_uris: [], resources: [], resource: orders });
}, 90_000);
afterEach(async () => {
  world.proxy.heal();
  await world.check();
});
afterAll(() => world?.stop());

const unavailable = { status: 503, body: { error: 'temporarily_unavailable' } };
const expectUnavailable = (answer: Answer) => {
  expect(answer).toMatchObject(unavailable);
  expect(answer.headers['retry-after']).toMatch(/^\d+$/);
};
/** The next refresh succeeds, whichever node it reaches, and nobody was ended or accused. */
const expectUnharmed = async (tokens: Tokens, client = web) => {
  await world.until('nodes answer again', async () => (await world.userinfo('x')).status === 401);
  let answer = await world.refresh(client, tokens.refresh_token, { node: 1 });
  await world.until('the token works again', async () => {
    if (answer.status === 503) answer = await world.refresh(client, tokens.refresh_token, { node: 1 });
    return answer.status !== 503;
  });
  expect(answer.status).toBe(200);
  expect(await world.endOf(tokens.sid)).toBeNull();
  expect(await world.events(tokens.sid, 'session.reuse_found')).toEqual([]);
  await world.refreshed(client, answer.body.refresh_token);
};
const at = (tokens: Tokens, place: Partial<Place>): Place => ({
  table: 'session',
  operation: 'UPDATE',
  timing: 'before',
  when: `NEW.id = '${tokens.sid}'`,
  ...place,
});

describe('what fails after the decision and before the answer leaves the token usable', () => {
  it('a resource that was not granted', async () => {
    const tokens = await world.signIn(web);
    const before = await world.row(tokens.sid);
    const answer = await world.refresh(web, tokens.refresh_token, { extra: { resource: ledger } });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_target' } });
    expect(await world.row(tokens.sid)).toEqual(before);
    await expectUnharmed(tokens);
  });

  it('a wider scope', async () => {
    const tokens = await world.signIn(web);
    const answer = await world.refresh(web, tokens.refresh_token, {
      extra: { scope: 'openid orders:write' },
    });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
    await expectUnharmed(tokens);
  });

  it('an API that is not registered any more', async () => {
    const gone = 'https://gone.example.test';
    await world.database.query(
      `INSERT INTO resource (audience, name, scopes, created_at, updated_at) VALUES ($1, 'Gone', '{gone:read}', now(), now())`,
      [gone],
    );
    const client = await world.client({ resources: [orders, gone] });
    const tokens = await world.signIn(client, { extra: { resource: gone, scope: 'openid gone:read' } });
    const tell = `SELECT pg_notify('curfew_registry', '{"kind":"resource","id":"${gone}"}')`;
    await world.database.query('UPDATE resource SET audience = audience || $2 WHERE audience = $1', [
      gone,
      '/moved',
    ]);
    await world.database.query(tell);
    await world.until(
      'the API is unknown',
      async () => (await world.refresh(client, tokens.refresh_token)).status === 400,
    );
    await world.database.query('UPDATE resource SET audience = $1 WHERE audience = $1 || $2', [
      gone,
      '/moved',
    ]);
    await world.database.query(tell);
    await world.until('the API is known', async () => (await world.introspect(api, 'x')).status === 200);
    await world.until(
      'the token works',
      async () => (await world.refresh(client, tokens.refresh_token)).status === 200,
    );
    expect(await world.endOf(tokens.sid)).toBeNull();
  });

  it('a signing key that is missing', async () => {
    const client = await world.client();
    const tokens = await world.signIn(client, { extra: { resource: ledger, scope: 'openid orders:read' } });
    const before = await world.row(tokens.sid);
    const use = async (algorithm: string | null) => {
      await world.database.query('UPDATE resource SET signing_alg = $2 WHERE audience = $1', [
        ledger,
        algorithm,
      ]);
      await world.database.query(
        `SELECT pg_notify('curfew_registry', '{"kind":"resource","id":"${ledger}"}')`,
      );
    };
    await use('PS512');
    let status = 200;
    await world.until('the key is missing', async () => {
      status = (await world.refresh(client, tokens.refresh_token, { node: 1 })).status;
      return status !== 200 || (await world.row(tokens.sid)).generation > 0;
    });
    const failed = await world.refresh(client, tokens.refresh_token);
    await use(null);
    expect([status, failed.status]).toEqual([500, 500]);
    expect(await world.row(tokens.sid)).toEqual(before);
    await world.until('the key is there again', async () => {
      const answers = await atOnce(2, (node) => world.refresh(client, tokens.refresh_token, { node }));
      return answers.every((answer) => answer.status === 200);
    });
    await expectUnharmed(tokens, client);
  });

  it('claims of the person that cannot be read', async () => {
    const client = await world.client();
    const tokens = await world.signIn(client, {
      extra: { resource: orders, scope: 'openid email orders:read' },
    });
    await world.database.query('ALTER TABLE account RENAME TO account_away');
    const failed = await world
      .refresh(client, tokens.refresh_token)
      .finally(() => world.database.query('ALTER TABLE account_away RENAME TO account'));
    expect(failed.status).toBe(500);
    expect(failed.raw).not.toMatch(/account|relation|column/i);
    expect((await world.row(tokens.sid)).generation).toBe(0);
    await expectUnharmed(tokens, client);
  });
});

describe('a database that is lost', () => {
  it.each([
    ['before the rotation', { timing: 'before' }],
    ['after it', { timing: 'after' }],
    ['at its commit', { timing: 'commit' }],
  ] as const)('by a backend killed %s: 503, and the token works', async (_, place) => {
    const tokens = await world.signIn(web);
    const fault = await failExactlyAt(world.database, at(tokens, { ...place, times: 1 }), {
      kind: 'terminate',
    });
    expectUnavailable(await world.refresh(web, tokens.refresh_token));
    await fault.remove();
    expect((await world.row(tokens.sid)).generation).toBe(0);
    await expectUnharmed(tokens);
  });

  it('by a connection cut while the outcome of the commit is on its way: 503, then the same successor', async () => {
    const tokens = await world.signIn(web);
    const cut = world.proxy.cutAfterClientSends('session_rotate');
    expectUnavailable(await world.refresh(web, tokens.refresh_token));
    await cut;
    await world.until('the rotation has arrived', async () => (await world.row(tokens.sid)).generation === 1);
    await expectUnharmed(tokens);
    expect((await world.row(tokens.sid)).generation).toBe(2);
  });

  it('altogether: 503 from every endpoint, nothing is active, nothing is acknowledged', async () => {
    const tokens = await world.signIn(web);
    world.proxy.cut();
    const answers = await Promise.all([
      world.refresh(web, tokens.refresh_token),
      world.introspect(api, tokens.access_token, { node: 1 }),
      world.revoke(web, tokens.refresh_token),
      world.revoke(web, tokens.access_token, 1),
      world.userinfo(tokens.access_token),
    ]);
    for (const answer of answers) expectUnavailable(answer);
    world.proxy.heal();
    await world.until(
      'it answers again',
      async () => (await world.introspect(api, tokens.access_token)).status === 200,
    );
    expect(await world.isActive(api, tokens.access_token)).toBe(true);
    await expectUnharmed(tokens);
  });

  it('without a farewell: an answer comes all the same, and it recovers by itself', async () => {
    const tokens = await world.signIn(web);
    world.proxy.freeze();
    const startedAt = performance.now();
    expectUnavailable(await world.refresh(web, tokens.refresh_token));
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    world.proxy.heal();
    await expectUnharmed(tokens);
  });

  it('without a farewell, and with very many waiting: each gets its answer in time, however many there are', async () => {
    const tokens = await world.signIn(web);
    world.proxy.freeze();
    const startedAt = performance.now();
    const answers = await atOnce(400, (node, index) =>
      index % 4 === 0
        ? world.refresh(web, tokens.refresh_token, { node })
        : world.introspect(api, tokens.access_token, { node }),
    );
    for (const answer of answers) expectUnavailable(answer);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    world.proxy.heal();
    await expectUnharmed(tokens);
  });

  it('for a statement that takes too long: 503 and not invalid_grant', async () => {
    const tokens = await world.signIn(web);
    const fault = await failExactlyAt(world.database, at(tokens, { times: 1 }), {
      kind: 'sleep',
      seconds: 3,
    });
    expectUnavailable(await world.refresh(web, tokens.refresh_token));
    await fault.remove();
    await expectUnharmed(tokens);
  });

  it('by conflicts that keep coming back: 503, no accusation', async () => {
    const tokens = await world.signIn(web);
    const fault = await failExactlyAt(world.database, at(tokens, {}), { kind: 'raise', state: '40P01' });
    expectUnavailable(await world.refresh(web, tokens.refresh_token));
    expect(await fault.struck()).toBeGreaterThanOrEqual(3);
    await fault.remove();
    await expectUnharmed(tokens);
  });

  it('by an error nobody foresaw: 500 that says nothing, and the token works', async () => {
    const tokens = await world.signIn(web);
    const fault = await failExactlyAt(world.database, at(tokens, {}), { kind: 'raise' });
    const answer = await world.refresh(web, tokens.refresh_token);
    await fault.remove();
    expect([answer.status, answer.body.error]).toEqual([500, 'server_error']);
    expect(answer.raw).not.toContain('fault put in by a test');
    await expectUnharmed(tokens);
  });

  it('and slow for many at once: some wait, some are told to come back, and all is well afterwards', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => world.signIn(web)));
    world.proxy.delay(150);
    const answers = await atOnce(100, (node, index) =>
      world.refresh(web, all[index % 10]!.refresh_token, { node }),
    );
    world.proxy.delay(0);
    for (const { status } of answers) expect([200, 503]).toContain(status);
    for (const tokens of all) await expectUnharmed(tokens);
  }, 60_000);
});

describe('a code whose redemption fails half-way', () => {
  it.each([
    ['the code is consumed', { table: 'protocol_artifact', operation: 'UPDATE', timing: 'after' }],
    ['the session is written', { table: 'session', operation: 'INSERT', timing: 'after' }],
    ['it commits', { table: 'session', operation: 'INSERT', timing: 'commit' }],
  ] as const)('as %s: works again', async (_, place) => {
    const code = await world.code(web, { scope: 'openid' });
    const fault = await failExactlyAt(world.database, { ...place, times: 1 }, { kind: 'terminate' });
    expectUnavailable(await world.redeem(web, code));
    await fault.remove();
    const answer = await world.redeem(web, code, { node: 1 });
    expect(answer.status).toBe(200);
    await world.refreshed(web, answer.body.refresh_token);
  });

  it('and nobody knows whether it committed: at most one session, and none that anybody could use', async () => {
    const counted = async () => {
      const [row] = await world.database.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM session',
      );
      return row!.count;
    };
    const code = await world.code(web, { scope: 'openid' });
    const before = await counted();
    const cut = world.proxy.cutAfterClientSends('session_start_from_code');
    const answer = await world.redeem(web, code);
    await cut;
    expectUnavailable(answer);
    const again = await world.redeem(web, code, { node: 1 });
    expect(await counted()).toBe(before + 1);
    expect([200, 400]).toContain(again.status);
  });
});

describe('a node that is killed', () => {
  const refreshAndKill = async (tokens: Tokens, fault: InstalledFault) => {
    const lost = world.refresh(web, tokens.refresh_token, { node: 1 }).catch(() => undefined);
    await fault.arrived(1);
    await world.nodes[1]!.kill();
    await lost;
    await fault.open();
    await fault.remove();
  };

  it('while its rotation is under way ends nobody: the other node goes on', async () => {
    const tokens = await world.signIn(web);
    const fault = await failExactlyAt(world.database, at(tokens, { timing: 'after' }), { kind: 'barrier' });
    await refreshAndKill(tokens, fault);
    const first = await world.refresh(web, tokens.refresh_token);
    const second = await world.refresh(web, tokens.refresh_token);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(first.body.refresh_token).toBe(second.body.refresh_token);
    await world.refreshed(web, first.body.refresh_token);
    expect(await world.endOf(tokens.sid)).toBeNull();
  });
});
