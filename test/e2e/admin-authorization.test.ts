import { printedLine } from '../support/printed.js';
import { aims, madeClient, mild, powerless, powers, powersChanged, standing } from './admin-authority.js';
import { type DescribedOperation, exampleOf, operationsOf, targetOf } from './admin-requests.js';
import { AdminWorld } from './admin-world.js';

let world: AdminWorld;
// biome-ignore lint/suspicious/noExplicitAny: a document is read as it comes
let document: any;
let operations: DescribedOperation[];
let scopes: string[];

beforeAll(async () => {
  world = await AdminWorld.start({
    CURFEW_LOG_LEVEL: 'info',
    // So that what needs them is carried out.
    CURFEW_SCENARIOS: 'true',
    CURFEW_VIRTUAL_CLOCK: 'true',
  });
  document = (await world.get('/v1/openapi.json', { token: null })).body;
  operations = operationsOf(document);
  scopes = Object.keys(document.components.securitySchemes.accessToken.flows.clientCredentials.scopes);
}, 60_000);
afterAll(() => world?.stop());

/** Asks for something that does not exist, so that nothing is changed by being allowed. */
const ask = (operation: DescribedOperation, token: string | null) => {
  const components = document.components.schemas;
  const body = operation.body === null ? undefined : exampleOf(operation.body, components);
  const headers = { 'if-match': '"1"', ...(operation.id === 'followEvents' ? { 'last-event-id': 'x' } : {}) };
  return world.call(operation.method, targetOf(operation, components), { token, body, headers });
};

/** Operations that would do something even for a made-up request are not harmless, and are left out. */
const isOpen = ({ scope, anyCaller }: DescribedOperation) => scope === null && !anyCaller;
const harmless = (operation: DescribedOperation) =>
  !['endSessions', 'rotateKeys', 'createClient', 'createAccount'].includes(operation.id);

describe('authorization of the admin API', () => {
  it('covers every operation of the document with a scope, but for those that are meant to be open', () => {
    expect(operations.length).toBeGreaterThan(40);
    const open = operations.filter(isOpen).map(({ id }) => id);
    expect(open.sort()).toEqual(['browseDocument', 'getDocument', 'getMetrics', 'live', 'ready']);
    const used = new Set(operations.flatMap(({ scope }) => scope ?? []));
    expect([...used].sort()).toEqual([...scopes].sort());
  });

  it('answers nobody, with the ways to authenticate and no error code', async () => {
    for (const operation of operations.filter((one) => !isOpen(one))) {
      const { status, headers, body } = await ask(operation, null);
      expect([operation.id, status, body.code]).toEqual([operation.id, 401, 'unauthenticated']);
      expect(headers.get('www-authenticate')).toMatch(
        /^Bearer realm="[^"]+", DPoP realm="[^"]+", algs="[^"]+"$/,
      );
    }
  });

  it('lets each operation be called with its own scope and with no other', async () => {
    for (const scope of scopes) {
      const token = await world.token(scope);
      for (const operation of operations.filter(
        (one) => one.scope !== null && one.scope !== scope && one.orScope !== scope,
      )) {
        const { status, headers, body } = await ask(operation, token);
        expect([operation.id, scope, status, body?.code]).toEqual([
          operation.id,
          scope,
          403,
          'insufficient_scope',
        ]);
        expect(headers.get('www-authenticate')).toContain(
          `error="insufficient_scope", scope="${operation.scope}"`,
        );
      }
      for (const operation of operations.filter(
        (one) => (one.scope === scope || one.orScope === scope) && harmless(one),
      )) {
        const { status, body } = await ask(operation, token);
        const letIn = ![401, 429].includes(status) && status < 500 && body?.code !== 'insufficient_scope';
        expect([operation.id, letIn]).toEqual([operation.id, true]);
      }
    }
  }, 60_000);

  it('tells every caller who they are, and what they may do here', async () => {
    const { status, body } = await world.get('/v1/caller', { token: await world.token('keys:rotate') });
    expect([status, body]).toEqual([
      200,
      {
        kind: 'client',
        client_id: world.data.clients.admin.client_id,
        account_id: null,
        username: null,
        session_id: null,
        scopes: ['keys:rotate'],
        now: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
  });

  it('leaves the open ones open', async () => {
    for (const operation of operations.filter(isOpen)) expect((await ask(operation, null)).status).toBe(200);
  });

  it('tells the log and the metric why a token is refused, and the caller only that it is', async () => {
    const answer = await world.get('/v1/sessions', { token: 'cfw_at_AAAA' });
    expect(answer.body.code).toBe('invalid_token');
    expect(answer.text).not.toContain('token_unknown');
    const { text } = await world.get('/metrics', { token: null });
    expect(text).toMatch(/^curfew_admin_refusals_total\{cause="token_unknown"\} \d/m);
    expect(text).not.toContain('curfew_admin_refusals_total{cause="other"}');
    const id = answer.headers.get('x-request-id');
    const line = await printedLine(world.admin, `"id":"${id}"`, '"msg":"request"');
    expect(JSON.parse(line)).toMatchObject({ error: 'invalid_token', cause: 'token_unknown' });
  });

  it('refuses tokens that are garbage, for another audience, revoked, or sent in the wrong place', async () => {
    const { clients } = world.data;
    const form = { grant_type: 'client_credentials', resource: 'https://orders.example.test' };
    const basic = `Basic ${btoa(`${clients.service.client_id}:${clients.service.client_secret}`)}`;
    const foreign = (await world.form('/token', form, { authorization: basic }))['access_token']!;
    const revoked = await world.token(undefined, true);
    const admin = `Basic ${btoa(`${clients.admin.client_id}:${clients.admin.client_secret}`)}`;
    await fetch(`${world.server.issuer}/revocation`, {
      method: 'POST',
      headers: { authorization: admin },
      body: new URLSearchParams({ token: revoked }),
    });
    for (const token of ['x', 'cfw_at_AAAA', foreign, revoked, `${await world.token('sessions:read')}x`]) {
      const { status, body, headers } = await world.get('/v1/sessions', { token });
      expect([status, body.code]).toEqual([401, 'invalid_token']);
      expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
    await world.token(undefined, true);
    const token = await world.token();
    expect((await world.get(`/v1/sessions?access_token=${token}`, { token: null })).status).toBe(401);
    const two = await world.get('/v1/sessions', {
      token: null,
      headers: { authorization: `Bearer ${token} ${token}` },
    });
    expect([two.status, two.body.code]).toEqual([400, 'invalid_request']);
  });

  it('refuses a token from the moment its client is disabled', async () => {
    const made = await world.post('/v1/clients', {
      client_name: 'Short lived',
      grant_types: ['client_credentials'],
      resources: [world.adminUrl],
      scope: 'sessions:read',
    });
    expect(made.status).toBe(201);
    const token = await world.clientToken(made.body, 'sessions:read');
    expect((await world.get('/v1/sessions', { token })).status).toBe(200);
    expect((await world.post(`/v1/clients/${made.body.client_id}/disable`, {})).status).toBe(200);
    expect((await world.get('/v1/sessions', { token })).status).toBe(401);
    await world.call('POST', `/v1/clients/${made.body.client_id}/enable`);
    expect((await world.get('/v1/sessions', { token })).status).toBe(401);
  });

  it('lets nobody hand out or take over more than they hold', async () => {
    const token = await world.token('clients:write');
    const wanted = {
      client_name: 'Climber',
      grant_types: ['client_credentials'],
      resources: [world.adminUrl],
    };
    const climbed = await world.post('/v1/clients', wanted, { token });
    expect([climbed.status, climbed.body.code]).toEqual([403, 'beyond_own_scopes']);
    const { client_id } = world.data.clients.admin;
    const taken = await world.post(`/v1/clients/${client_id}/secrets`, {}, { token });
    expect([taken.status, taken.body.code]).toEqual([403, 'beyond_own_scopes']);
    const modest = await world.post('/v1/clients', { ...wanted, scope: 'clients:write' }, { token });
    expect(modest.status).toBe(201);
    // Its registration, not only its token, says what it may do here.
    const more = await world.clientToken(modest.body, 'sessions:end clients:write').catch(() => null);
    if (more) expect((await world.post('/v1/sessions/end', {}, { token: more })).status).toBe(403);
  });

  it('gives a person what they were made an operator for, and nothing before', async () => {
    const client = await world.post('/v1/clients', {
      client_name: 'Console',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      resources: [world.adminUrl],
      scope: 'openid offline_access sessions:read sessions:end',
    });
    const scope = 'sessions:read sessions:end';
    const signedIn = {
      client_id: client.body.client_id,
      resource: world.adminUrl,
      scope: `openid offline_access ${scope}`,
    };
    const { access_token } = await world.signInRaw(world.person(), signedIn);
    const token = access_token!;
    const before = await world.get('/v1/sessions', { token });
    expect([before.status, before.body.code]).toEqual([403, 'insufficient_scope']);
    const [account] = (await world.get('/v1/accounts?prefix=user1')).body.items;
    const named = await world.call('PUT', `/v1/accounts/${account.id}/operator`, {
      body: { scopes: ['sessions:read', 'keys:rotate'] },
    });
    expect(named.body.operator_scopes).toEqual(['sessions:read', 'keys:rotate']);
    expect((await world.get('/v1/sessions', { token })).status).toBe(200);
    expect((await world.get('/v1/keys', { token })).status).toBe(403);
    expect((await world.post('/v1/sessions/end', {}, { token })).status).toBe(403);
    await world.call('PUT', `/v1/accounts/${account.id}/operator`, { body: { scopes: [] } });
    expect((await world.get('/v1/sessions', { token })).status).toBe(403);
  });
});

describe('nobody hands out, takes over, weakens or removes more than they hold', () => {
  it('by any operation of the document that changes something', () => {
    const changing = operations.filter(({ method, scope }) => method !== 'GET' && scope !== null);
    expect(changing.map(({ id }) => id).sort()).toEqual([...Object.keys(aims), ...powerless].sort());
  });

  const rows = Object.entries(aims).flatMap(([id, targets]) =>
    targets.map((aimed) => [id, aimed.target, aimed] as const),
  );
  it.each(rows)('%s: %s', async (id, _, { power, request }) => {
    const { scope } = operations.find((one) => one.id === id)!;
    // Only the scope of the operation; that and what the target has; for everything, also all but one scope.
    const callers =
      power === 'all'
        ? [[scope!], scopes.filter((one) => one === scope || one !== scopes.at(-1)), scopes]
        : [[scope!], ...(power.length === 0 ? [] : [[scope!, ...power]])];
    for (const held of callers) {
      const wanted = power === 'all' ? scopes : power;
      const may = wanted.every((one) => held.includes(one));
      const { method, path, body, version } = await request(world);
      const token = await world.token([...new Set(held)].sort().join(' '));
      const before = await standing(world);
      const headers = version === undefined ? {} : { 'if-match': `"${version}"` };
      const answer = await world.call(method, path, {
        token,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      if (may) expect([held, answer.status, answer.body?.code]).not.toEqual([held, 403, expect.anything()]);
      else {
        const code = expect.stringMatching(/^beyond_own_scopes$|^insufficient_scope$/);
        expect([held, answer.status, answer.body?.code]).toEqual([held, 403, code]);
        expect(await standing(world)).toEqual(before);
      }
    }
  });
});

describe('an operation that says it changes nobody’s power', () => {
  it('has a request here', () => expect(Object.keys(mild).sort()).toEqual([...powerless].sort()));

  it.each(Object.entries(mild))('changes none: %s', async (id, request) => {
    const { method, path, scope, orScope } = operations.find((one) => one.id === id)!;
    for (const held of [scope, orScope].filter((one) => one !== null)) {
      const { params = {}, body, refused } = await request(world);
      const target = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name]!));
      const token = await world.token(held);
      const before = await powers(world);
      const answer = await world.call(method, target, { token, ...(body === undefined ? {} : { body }) });
      const isAsSaid = refused === undefined ? answer.status < 300 : answer.status === refused;
      expect([held, isAsSaid, answer.status, answer.body?.code]).toEqual([
        held,
        true,
        answer.status,
        refused === undefined ? undefined : 'beyond_own_scopes',
      ]);
      expect(powersChanged(before, await powers(world))).toEqual([]);
    }
  });

  it('would be found out if it did', async () => {
    const before = await powers(world);
    const client = await madeClient(world, { resources: [world.adminUrl] });
    expect(powersChanged(before, await powers(world))).toEqual(['client', 'client_secret']);
    const made = await powers(world);
    await world.call('POST', `/v1/clients/${client.client_id}/disable`);
    expect(powersChanged(made, await powers(world))).toEqual(['client']);
  });
});

describe('the last full administrator', () => {
  beforeAll(async () => {
    const { client_id } = world.data.clients.admin;
    await world.database.query(
      `UPDATE client SET disabled_at = now() WHERE id <> $1 AND metadata -> 'resources' ? $2`,
      [client_id, world.adminUrl],
    );
    await world.database.query('DELETE FROM operator');
  });

  /** The authorization server hears of it a moment later. */
  const enabledAgain = async (): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const token = await world.token(undefined, true).catch(() => null);
      if (token !== null) return;
      if (attempt > 100) throw new Error('the client was not enabled again');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const own = () => `/v1/clients/${world.data.clients.admin.client_id}`;
  const api = () => `/v1/resources/${encodeURIComponent(world.adminUrl)}`;
  it.each<[string, string, () => string, unknown]>([
    ['disabled', 'POST', () => `${own()}/disable`, {}],
    ['deleted', 'DELETE', own, undefined],
    ['without the admin API', 'PATCH', own, { resources: [] }],
    ['with fewer scopes', 'PATCH', own, { scope: 'clients:read clients:write' }],
    [
      'with nobody who may sign in for it',
      'PATCH',
      own,
      { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'] },
    ],
    ['at an API without scopes', 'PATCH', api, { scopes: [] }],
    ['at an API without one scope', 'PATCH', api, { scopes: ['clients:write'] }],
    ['at an API of readable tokens', 'PATCH', api, { token_format: 'jwt' }],
  ])('cannot be removed by anybody: %s', async (_, method, path, body) => {
    const { version } = (await world.get(path())).body ?? {};
    const before = await standing(world);
    const named = version ?? (await world.get(path().replace(/\/disable$/, ''))).body.version;
    const answer = await world.call(method, path(), { body, headers: { 'if-match': `"${named}"` } });
    expect([answer.status, answer.body.code]).toEqual([409, 'last_administrator']);
    expect(await standing(world)).toEqual(before);
    expect((await world.get('/v1/clients')).status).toBe(200);
  });

  it('keeps a secret that does not run out', async () => {
    const { secrets } = (await world.post(`${own()}/secrets`, {})).body;
    const [newest, old] = [...secrets].sort(
      (a, b) => Number(a.expires_at !== null) - Number(b.expires_at !== null),
    );
    expect([newest.expires_at, typeof old.expires_at]).toEqual([null, 'string']);
    const ended = await world.call('DELETE', `${own()}/secrets/${newest.id}`);
    expect([ended.status, ended.body.code]).toEqual([409, 'last_administrator']);
  });

  it('may be a person, as long as a client lets people sign in for all scopes', async () => {
    const root = await world.token();
    const { client_id, version } = await madeClient(world, {
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      resources: [world.adminUrl],
      scope: `openid offline_access ${scopes.join(' ')}`,
    });
    const [{ id }] = (await world.get('/v1/accounts?prefix=user2')).body.items;
    await world.call('PUT', `/v1/accounts/${id}/operator`, { body: { scopes } });
    const asked = { client_id, resource: world.adminUrl, scope: `openid offline_access ${scopes.join(' ')}` };
    const { access_token } = await world.signInRaw(world.person(1), asked);
    const token = access_token!;
    expect((await world.call('POST', `${own()}/disable`, { token, body: {} })).status).toBe(200);
    const refused: [string, string, unknown?][] = [
      ['PUT', `/v1/accounts/${id}/operator`, { scopes: [] }],
      ['PUT', `/v1/accounts/${id}/operator`, { scopes: ['accounts:write'] }],
      ['POST', `/v1/accounts/${id}/disable`, {}],
      ['DELETE', `/v1/accounts/${id}`],
      ['DELETE', `/v1/clients/${client_id}`],
      ['POST', `/v1/clients/${client_id}/disable`, {}],
      ['PATCH', `/v1/clients/${client_id}`, { scope: 'openid' }],
    ];
    for (const [method, path, body] of refused) {
      // The version is that of a client or a resource.
      const headers: Record<string, string> = path.startsWith('/v1/accounts/')
        ? {}
        : { 'if-match': `"${version}"` };
      const answer = await world.call(method, path, { token, body, headers });
      expect([method, path, answer.status, answer.body?.code]).toEqual([
        method,
        path,
        409,
        'last_administrator',
      ]);
    }
    expect((await world.call('POST', `${own()}/enable`, { token, body: {} })).status).toBe(204);
    await enabledAgain();
    expect((await world.get('/v1/clients', { token: root })).status).toBe(401);
    expect((await world.call('PUT', `/v1/accounts/${id}/operator`, { body: { scopes: [] } })).status).toBe(
      200,
    );
    await world.post(`/v1/clients/${client_id}/disable`, {});
  });

  it('is left when two remove each other at the same time, every time', async () => {
    let left = 0;
    for (let round = 0; round < 20; round += 1) {
      const pair = await Promise.all(
        [0, 1].map(async () => {
          const made = await madeClient(world, { resources: [world.adminUrl] });
          return { id: made.client_id, token: await world.clientToken(made) };
        }),
      );
      // The one of the first start stands aside, because one of the pair must stay.
      const { client_id } = world.data.clients.admin;
      await world.database.query('UPDATE client SET disabled_at = now() WHERE id = $1', [client_id]);
      const answers = await Promise.all(
        pair.map(({ id }, index) =>
          world.call('DELETE', `/v1/clients/${id}`, { token: pair[1 - index]!.token }),
        ),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      left += (
        await world.database.query('SELECT 1 FROM client WHERE id = ANY($1)', [pair.map(({ id }) => id)])
      ).length;
      await world.database.query('UPDATE client SET disabled_at = NULL WHERE id = $1', [client_id]);
      await world.database.query('DELETE FROM client WHERE id = ANY($1)', [pair.map(({ id }) => id)]);
    }
    expect(left).toBe(20);
  }, 60_000);
});
