import { type DescribedOperation, exampleOf, operationsOf, targetOf } from './admin-requests.js';
import { AdminWorld } from './admin-world.js';

let world: AdminWorld;
// biome-ignore lint/suspicious/noExplicitAny: a document is read as it comes
let document: any;
let operations: DescribedOperation[];
let scopes: string[];

beforeAll(async () => {
  world = await AdminWorld.start();
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

/** What a request for something made up would really do is left out where it would do something. */
const harmless = (operation: DescribedOperation) =>
  !['endSessions', 'rotateKeys', 'createClient', 'createAccount'].includes(operation.id);

describe('authorization of the admin API', () => {
  it('covers every operation of the document with a scope, but for those that are meant to be open', () => {
    expect(operations.length).toBeGreaterThan(40);
    const open = operations.filter(({ scope }) => scope === null).map(({ id }) => id);
    expect(open.sort()).toEqual(['browseDocument', 'getDocument', 'getMetrics', 'live', 'ready']);
    const used = new Set(operations.flatMap(({ scope }) => scope ?? []));
    expect([...used].sort()).toEqual([...scopes].sort());
  });

  it('answers nobody, with the ways to authenticate and no error code', async () => {
    for (const operation of operations.filter(({ scope }) => scope !== null)) {
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
      for (const operation of operations.filter((one) => one.scope !== null && one.scope !== scope)) {
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
      for (const operation of operations.filter((one) => one.scope === scope && harmless(one))) {
        const { status, body } = await ask(operation, token);
        const letIn = ![401, 429].includes(status) && status < 500 && body?.code !== 'insufficient_scope';
        expect([operation.id, letIn]).toEqual([operation.id, true]);
      }
    }
  }, 60_000);

  it('leaves the open ones open', async () => {
    for (const operation of operations.filter(({ scope }) => scope === null))
      expect((await ask(operation, null)).status).toBe(200);
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
