import { randomUUID } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { assertInvariants } from '../support/database.js';
import { Person } from '../support/person.js';
import { AdminWorld, deviceGrant, orders } from './admin-world.js';

let world: AdminWorld;

beforeAll(async () => {
  world = await AdminWorld.start();
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(() => world?.stop());

const etag = (answer: { headers: Headers }) => ({ 'if-match': answer.headers.get('etag')! });

/** Waits for what the authorization server, another process, hears of a moment later. */
async function once(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await isSo()) && Date.now() < end; )
    await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The error of a token request, as soon as the authorization server knows how the client is registered now. */
async function errorOf(ask: () => Promise<Record<string, string>>): Promise<string | undefined> {
  let error: string | undefined;
  await once(async () => {
    error = (await ask())['error'];
    return error === undefined || error === 'invalid_grant';
  });
  return error;
}

describe('policies over the admin API', () => {
  it('are created, changed by version, and lost updates are refused', async () => {
    const made = await world.post('/v1/policies', {
      name: 'shop',
      settings: { basedOn: 'standard', inactivityTimeout: '20m' },
    });
    expect([made.status, made.headers.get('etag'), made.headers.get('location')]).toEqual([
      201,
      '"1"',
      '/v1/policies/shop',
    ]);
    const change = (minutes: number, headers: Record<string, string>) =>
      world.call('PUT', '/v1/policies/shop', {
        body: { settings: { basedOn: 'standard', inactivityTimeout: `${minutes}m` } },
        headers,
      });
    expect((await change(21, {})).status).toBe(428);
    const both = await Promise.all([change(21, etag(made)), change(22, etag(made))]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect((await change(23, etag(made))).body.code).toBe('version_conflict');
    expect((await change(23, { 'if-match': 'W/"2"' })).status).toBe(412);
    const { body } = await world.get('/v1/policies/shop/revisions');
    expect(body.items.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
    expect(body.items[1].created_by).toBe(`client:${world.data.clients.admin.client_id}`);
    const twice = await world.post('/v1/policies', { name: 'shop', settings: { basedOn: 'standard' } });
    expect([twice.status, twice.body.code]).toEqual([409, 'policy_exists']);
    const profile = await world.post('/v1/policies', { name: 'standard', settings: { basedOn: 'standard' } });
    expect([profile.status, profile.body.code]).toEqual([409, 'policy_is_built_in']);
  });

  it('break no rule: every broken one is named, bounds and relations alike', async () => {
    const save = (settings: object) => world.post('/v1/policies', { name: 'broken', settings });
    const bounds = await save({ basedOn: 'standard', accessTokenLifetime: '16m' });
    expect([bounds.status, bounds.body.code]).toEqual([400, 'invalid_policy']);
    const relations = await save({
      basedOn: 'standard',
      inactivityTimeout: '2d',
      absoluteLifetime: '1d',
      retryWindow: 0,
    });
    expect(relations.body.faults).toEqual([
      { at: 'body', detail: 'inactivityTimeout must not exceed absoluteLifetime' },
    ]);
    const lacking = await save({ basedOn: 'standard', ipChange: 'end', ipGranularity: 'asn' });
    expect(lacking.body.faults[0].detail).toContain('CURFEW_MAXMIND_ASN');
  });

  it('are linted: rules, footguns, and the documents they meet', async () => {
    const lint = async (settings: object, attached_to?: string) =>
      (await world.post('/v1/policies/lint', { settings, ...(attached_to ? { attached_to } : {}) })).body;
    expect(await lint({ basedOn: 'pci-dss' })).toMatchObject({ valid: true, violations: [] });
    const cached = await lint({ basedOn: 'standard', introspectionCache: '30s' });
    expect(cached.warnings).toContainEqual(expect.objectContaining({ code: 'cache_needs_feed' }));
    expect(cached.compliance).toContainEqual(
      expect.objectContaining({ profile: 'nist-aal3', timeouts_of: 'the timeouts of AAL3', met: false }),
    );
    expect((await lint({ basedOn: 'fapi2' }, 'everyone')).warnings).toContainEqual(
      expect.objectContaining({ code: 'no_rotation_elsewhere', severity: 'warning' }),
    );
    expect(await lint({ basedOn: 'standard', idleWarning: '1h' })).toMatchObject({ valid: false });
  });

  it('can be tried: a preview counts what would end now, by client, and ends nothing', async () => {
    const { sid, access_token } = await world.signIn();
    const { client_id } = world.data.clients.device;
    await world.database.query(
      `UPDATE session SET last_active_at = last_active_at - interval '16 minutes', signed_in_at = signed_in_at - interval '16 minutes', authenticated_at = authenticated_at - interval '16 minutes' WHERE id = $1`,
      [sid],
    );
    const preview = async (body: object) => (await world.post('/v1/policies/preview', body)).body;
    const target = { kind: 'client', client_id };
    expect(await preview({ name: 'standard', attach_to: target })).toMatchObject({ would_end: 0 });
    const strict = await preview({ settings: { basedOn: 'sensitive' }, attach_to: target });
    expect(strict.would_end).toBe(1);
    expect(strict.by_client).toContainEqual({ client_id, live: strict.live, would_end: 1 });
    expect(
      await preview({ name: 'sensitive', attach_to: { kind: 'client', client_id: 'other' } }),
    ).toMatchObject({ would_end: 0 });
    expect(
      (await preview({ name: 'sensitive', attach_to: { kind: 'resource', audience: orders } })).would_end,
    ).toBe(1);
    expect((await preview({})).status).toBe(400);
    const attached = await world.call('PUT', '/v1/policy-attachments', {
      body: { target, policy: 'sensitive' },
    });
    expect(attached.status).toBe(204);
    expect(await world.introspect(access_token)).toEqual({ active: false });
    expect((await world.get(`/v1/sessions/${sid}`)).body).toMatchObject({
      state: 'ended',
      end_reason: 'inactivity_timeout',
    });
    expect((await world.get('/v1/policy-attachments')).body.items).toContainEqual({
      target,
      policy: 'sensitive',
    });
    expect((await world.get(`/v1/sessions?policy=sensitive`)).body.items[0].client_id).toBe(client_id);
    expect((await world.post('/v1/policy-attachments/detach', { target })).status).toBe(204);
    const left = (await world.get('/v1/policy-attachments')).body.items;
    expect(left).not.toContainEqual(expect.objectContaining({ target }));
  });
});

describe('clients and APIs over the admin API', () => {
  it('are registered by RFC 7591 names, with a secret that is shown once', async () => {
    const made = await world.post('/v1/clients', {
      client_id: 'shop',
      client_name: 'Shop',
      redirect_uris: ['https://shop.example.test/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      resources: [orders],
    });
    expect(made.status).toBe(201);
    expect(made.body.client_secret).toMatch(/^cfw_cs_/);
    const shown = await world.get('/v1/clients/shop');
    expect(shown.text).not.toContain('cfw_cs_');
    expect(shown.body).toMatchObject({
      client_name: 'Shop',
      response_types: ['code'],
      secrets: [{ expires_at: null }],
    });
    const changed = await world.call('PATCH', '/v1/clients/shop', {
      body: { client_name: 'Shop 2' },
      headers: etag(shown),
    });
    expect(changed.body.client_name).toBe('Shop 2');
    const stale = await world.call('PATCH', '/v1/clients/shop', {
      body: { client_name: 'Shop 3' },
      headers: etag(shown),
    });
    expect(stale.status).toBe(412);
    const broken = await world.post('/v1/clients', {
      client_name: 'x',
      redirect_uris: ['http://evil.example/#a'],
      grant_types: [],
    });
    expect([broken.status, broken.text.includes('evil')]).toEqual([400, false]);
    expect(broken.body.faults).toEqual([{ at: 'body/redirect_uris/0', detail: 'must not have a fragment' }]);
  });

  it('roll over secrets with two active, and end one', async () => {
    const made = await world.post('/v1/clients', {
      client_name: 'Roller',
      grant_types: ['client_credentials'],
      resources: [orders],
    });
    const { client_id, client_secret } = made.body;
    const rolled = await world.post(`/v1/clients/${client_id}/secrets`, { overlap_seconds: 600 });
    expect(rolled.body.secrets).toHaveLength(2);
    const works = async (secret: string) =>
      (
        await world.form(
          '/token',
          { grant_type: 'client_credentials', resource: orders },
          { authorization: `Basic ${btoa(`${client_id}:${secret}`)}` },
        )
      )['access_token'] !== undefined;
    expect([await works(client_secret), await works(rolled.body.client_secret)]).toEqual([true, true]);
    const old = rolled.body.secrets.find(
      ({ expires_at }: { expires_at: string | null }) => expires_at !== null,
    );
    expect((await world.call('DELETE', `/v1/clients/${client_id}/secrets/${old.id}`)).status).toBe(204);
    await once(async () => !(await works(client_secret)));
    expect([await works(client_secret), await works(rolled.body.client_secret)]).toEqual([false, true]);
  });

  it('end their sessions in the commit that disables or deletes them', async () => {
    const device = {
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      resources: [orders],
    };
    for (const [method, path, reason] of [
      ['POST', '/disable', 'client_disabled'],
      ['DELETE', '', 'client_deleted'],
    ] as const) {
      const { client_id } = (await world.post('/v1/clients', { client_name: 'Doomed', ...device })).body;
      const signedIn = { client_id, resource: orders, scope: 'openid offline_access' };
      const { access_token } = await world.signInRaw(world.person(), signedIn);
      const { sid } = await world.introspect(access_token!);
      const { status, body } = await world.call(method, `/v1/clients/${client_id}${path}`);
      expect([status, body.recorded]).toEqual([200, 1]);
      expect(await world.introspect(access_token!)).toEqual({ active: false });
      expect((await world.get(`/v1/sessions/${sid}`)).body).toMatchObject({
        state: 'ended',
        end_reason: reason,
      });
    }
  });

  it('end their sessions in the commit of a change that weakens what they were given, and only of such a change', async () => {
    const { body: made } = await world.post('/v1/clients', {
      client_name: 'Terminal',
      grant_types: [deviceGrant, 'refresh_token'],
      resources: [orders],
    });
    const { client_id } = made;
    const change = async (body: object) =>
      world.call('PATCH', `/v1/clients/${client_id}`, {
        body,
        headers: etag(await world.get(`/v1/clients/${client_id}`)),
      });
    const basic = { authorization: `Basic ${btoa(`${client_id}:${made.client_secret}`)}` };
    const signIn = async (): Promise<string> => {
      const asked = { resource: orders, scope: 'openid offline_access' };
      const start = await world.form('/device/authorization', asked, basic);
      await world.person().follow(start['verification_uri_complete']!);
      const redeemed = { grant_type: deviceGrant, device_code: start['device_code']! };
      return (await world.form('/token', redeemed, basic))['refresh_token']!;
    };
    const refresh = (refresh_token: string) =>
      world.form('/token', { grant_type: 'refresh_token', refresh_token }, basic);
    const first = await signIn();
    const harmless = await change({ client_name: 'Till', contacts: ['till@shop.example.test'] });
    expect([harmless.status, harmless.body.sessions_ended]).toEqual([200, undefined]);
    const second = (await refresh(first))['refresh_token']!;
    expect(second).toMatch(/^cfw_rt_/);

    const without = await change({ grant_types: [deviceGrant] });
    expect(without.body.sessions_ended).toMatchObject({ recorded: 1, complete: true });
    await change({ grant_types: [deviceGrant, 'refresh_token'] });
    expect(await errorOf(() => refresh(second))).toBe('invalid_grant');
    const third = await signIn();
    const withoutSecret = await change({ token_endpoint_auth_method: 'none' });
    expect(withoutSecret.body.sessions_ended).toMatchObject({ recorded: 1 });
    const asAnybody = { grant_type: 'refresh_token', client_id, refresh_token: third };
    expect(await errorOf(() => world.form('/token', asAnybody))).toBe('invalid_grant');

    const events = await world.database.query(
      "SELECT data FROM event WHERE type = 'session.ended' AND client_id = $1 ORDER BY id",
      [client_id],
    );
    const by = { kind: 'administrator', id: world.data.clients.admin.client_id };
    expect(events).toMatchObject([
      { data: { reason: 'policy_changed', by, note: 'changed: grant_types' } },
      { data: { reason: 'policy_changed', by, note: 'changed: token_endpoint_auth_method' } },
    ]);
  });

  it('that ask for a disabled client twice, or for nobody, are told', async () => {
    expect((await world.call('POST', '/v1/clients/nobody/disable')).body).toMatchObject({
      status: 404,
      code: 'unknown_client',
    });
    expect((await world.call('DELETE', '/v1/clients/nobody')).status).toBe(404);
    const before = await world.database.query('SELECT * FROM not_before WHERE target = $1', ['nobody']);
    expect(before).toEqual([]);
  });

  it('APIs have an audience, scopes and a form of tokens', async () => {
    const audience = 'https://stock.example.test/v2';
    const made = await world.post('/v1/resources', {
      audience,
      name: 'Stock',
      scopes: ['stock:read'],
      token_format: 'jwt',
    });
    expect(made.body).toMatchObject({ audience, token_format: 'jwt', signing_alg: 'ES256', version: 1 });
    const path = `/v1/resources/${encodeURIComponent(audience)}`;
    expect(made.headers.get('location')).toBe(path);
    const inBase64 = `/v1/resources/~${Buffer.from(audience).toString('base64url')}`;
    for (const other of ['/v1/resources/~AA', `${inBase64}=`, `${inBase64}.`])
      expect((await world.get(other)).body.code).toBe('unknown_resource');
    const body = { token_format: 'opaque' };
    const changed = await world.call('PATCH', inBase64, { body, headers: etag(made) });
    expect(changed.body).toMatchObject({ token_format: 'opaque', signing_alg: null, scopes: ['stock:read'] });
    expect((await world.call('DELETE', `/v1/resources/${encodeURIComponent(orders)}`)).body.code).toBe(
      'resource_in_use',
    );
    expect((await world.call('DELETE', path)).status).toBe(204);
    expect((await world.get(path)).status).toBe(404);
  });
});

describe('accounts over the admin API', () => {
  const account = async (username = `${randomUUID()}@example.test`) => {
    const { body } = await world.post('/v1/accounts', { username, must_change_password: false });
    return { id: body.id as string, person: new Person(username, body.password) };
  };

  it('are created with a password that is shown once, and can sign in', async () => {
    const { id, person } = await account();
    const { sid } = await world.signIn(person);
    expect((await world.get(`/v1/accounts/${id}/sessions`)).body.items[0].id).toBe(sid);
    expect((await world.get(`/v1/accounts/${id}`)).text).not.toMatch(/argon2|"password"/);
    expect((await world.get(`/v1/accounts/${id}/consents`)).body.items[0].client_id).toBe(
      world.data.clients.device.client_id,
    );
  });

  it.each([
    ['disable', 'POST', '/disable', 'account_disabled'],
    ['delete', 'DELETE', '', 'account_deleted'],
    ['password', 'PUT', '/password', 'password_changed'],
  ] as const)('end their sessions in the same commit: %s', async (_, method, path, reason) => {
    const { id, person } = await account();
    const { sid, access_token, refresh_token } = await world.signIn(person);
    const { status } = await world.call(method, `/v1/accounts/${id}${path}`);
    expect(status).toBe(200);
    expect(await world.introspect(access_token)).toEqual({ active: false });
    expect(await world.refresh(refresh_token)).toMatchObject({ error: 'invalid_grant' });
    expect((await world.get(`/v1/sessions/${sid}`)).body).toMatchObject({
      state: 'ended',
      end_reason: reason,
    });
  });

  it.each([
    [{ username: 'a b' }, 'body/username'],
    [{ username: 'anne@example.test', password: 'short' }, 'body/password'],
    [{ username: 'anne@example.test', password: 'anne@example.test' }, 'body/password'],
  ])('are refused with the fault at its member: %j', async (body, at) => {
    const { status, body: problem } = await world.post('/v1/accounts', body);
    expect([status, problem.faults]).toEqual([400, [{ at, detail: problem.detail }]]);
  });

  it('that are enabled again revive nothing', async () => {
    const { id, person } = await account();
    const { access_token } = await world.signIn(person);
    await world.call('POST', `/v1/accounts/${id}/disable`);
    await expect(world.signIn(person)).rejects.toThrow();
    expect((await world.call('POST', `/v1/accounts/${id}/enable`)).status).toBe(204);
    expect(await world.introspect(access_token)).toEqual({ active: false });
    await world.signIn(person);
  });

  it('lose the sessions of a client whose consent is withdrawn, and no others', async () => {
    const { id, person } = await account();
    const { access_token } = await world.signIn(person);
    const { client_id } = world.data.clients.device;
    const { body } = await world.call('DELETE', `/v1/accounts/${id}/consents/${client_id}`);
    expect(body).toEqual({ withdrawn: true, sessions_ended: 1 });
    expect(await world.introspect(access_token)).toEqual({ active: false });
    const { body: events } = await world.get(`/v1/events?type=consent.withdrawn&account=${id}`);
    expect(events.items).toHaveLength(1);
  });

  it('show their second factors without secrets, and lose them to an operator who helps', async () => {
    const { id } = await account();
    const none = {
      ...{ authenticator_app: null, passkeys: [], recovery_codes_left: 0 },
      ...{ asked_at_every_sign_in: false, remembered_browsers: [] },
    };
    const address = `/v1/accounts/${id}/factors`;
    expect((await world.get(address)).body).toEqual(none);
    expect((await world.call('DELETE', address)).body).toEqual({ removed: false, ended: null });
    await world.database.query(
      `WITH one AS (INSERT INTO totp_factor (account_id, secret, created_at, confirmed_at) VALUES ('${id}', '\\x00', now(), now())),
         key AS (INSERT INTO passkey VALUES ('${id}'::bytea, '${id}', 'localhost', 'Laptop', '\\x01', 0, false, true, true, now(), null))
       UPDATE account SET second_factors = '{totp,passkey}' WHERE id = '${id}'`,
    );
    const shown = (await world.get(address)).body;
    expect(shown).toEqual({
      authenticator_app: { created_at: expect.any(String), last_used_at: null },
      passkeys: [
        {
          ...{ id: Buffer.from(id).toString('base64url'), name: 'Laptop', created_at: expect.any(String) },
          ...{ last_used_at: null, backed_up: true },
        },
      ],
      recovery_codes_left: 0,
      ...{ asked_at_every_sign_in: true, remembered_browsers: [] },
    });
    const copy = (await world.call('POST', `/v1/accounts/${id}/export`)).body;
    const { id: _, ...kept } = shown.passkeys[0];
    expect(copy.passkeys).toEqual([kept]);
    expect((await world.call('DELETE', address)).body.removed).toBe(true);
    expect((await world.get(address)).body).toEqual(none);
    const { body: events } = await world.get(`/v1/events?type=account.changed&account=${id}`);
    for (const change of ['second_factor_removed', 'security_key_removed'])
      expect(JSON.stringify(events.items)).toContain(change);
    expect((await world.get('/v1/accounts/00000000-0000-4000-8000-000000000000/factors')).status).toBe(404);
  });

  it('must choose a new password where it is required', async () => {
    const { id, person } = await account();
    expect((await world.call('POST', `/v1/accounts/${id}/require-password`)).status).toBe(204);
    expect((await world.get(`/v1/accounts/${id}`)).body.must_change_password).toBe(true);
    await expect(world.signIn(person)).rejects.toThrow();
  });

  it('of operators are not taken over by who may less', async () => {
    const { id } = await account();
    await world.call('PUT', `/v1/accounts/${id}/operator`, { body: { scopes: ['keys:rotate'] } });
    const token = await world.token('accounts:write');
    for (const [method, path, body] of [
      ['PUT', '/password', {}],
      ['PUT', '/operator', { scopes: [] }],
      ['POST', '/enable', {}],
    ] as const) {
      const answer = await world.call(method, `/v1/accounts/${id}${path}`, { token, body });
      expect([path, answer.status, answer.body?.code]).toEqual([path, 403, 'beyond_own_scopes']);
    }
  });
});

describe('the compliance report', () => {
  const controlOf = (
    body: { standards: { id: string; controls: { section: string }[] }[] },
    section: string,
  ) => body.standards.flatMap(({ controls }) => controls).find((one) => one.section === section);

  it('judges the policies that sessions are under, and says since when they meet a control and by what', async () => {
    const client_id = `c${randomUUID().slice(0, 8)}`;
    await world.post('/v1/clients', {
      client_id,
      client_name: 'Clinic',
      grant_types: ['client_credentials'],
    });
    const ask = async (query = '') =>
      (await world.get(`/v1/compliance?standard=hipaa&client=${client_id}${query}`)).body;
    const section = '164.312(a)(2)(iii)';
    expect(controlOf(await ask(), section)).toMatchObject({ state: 'not_met' });
    const target = { kind: 'client', client_id };
    const attach = (policy: string) =>
      world.call('PUT', '/v1/policy-attachments', { body: { target, policy } });
    await attach('hipaa');
    const attached = await ask();
    expect(attached.subjects).toEqual([
      { target, name: 'Clinic', policies: [expect.objectContaining({ name: 'hipaa' })] },
    ]);
    expect(controlOf(attached, section)).toMatchObject({
      state: 'met',
      results: [
        {
          in_force_since: expect.any(String),
          throughout: false,
          checks: [
            { setting: 'inactivityTimeout', asks: 'at most 15m', value: '15m', state: 'met' },
            { setting: 'activity', value: 'use', state: 'met' },
          ],
        },
      ],
      events: [{ type: 'session.ended', reason: 'inactivity_timeout' }],
    });
    expect(attached.changes[0]).toMatchObject({
      policy: 'hipaa',
      change: 'attached',
      by: expect.any(String),
    });
    const name = `p${client_id}`;
    const made = await world.post('/v1/policies', {
      name,
      settings: { basedOn: 'hipaa', inactivityTimeout: '20m' },
    });
    await attach(name);
    expect(controlOf(await ask(), section)).toMatchObject({
      state: 'not_met',
      results: [{ in_force_since: null }],
    });
    const changed = await world.call('PUT', `/v1/policies/${name}`, {
      body: { settings: { basedOn: 'hipaa', inactivityTimeout: '10m' } },
      headers: etag(made),
    });
    const after = controlOf(await ask(), section) as unknown as { results: { in_force_since: string }[] };
    expect(after.results[0]?.in_force_since).toBe(changed.body.created_at);
  });

  it('is handed out signed, so that the key set of the issuer verifies it, and printed', async () => {
    const { text, headers } = await world.get('/v1/compliance/signed?standard=gdpr');
    expect(headers.get('content-type')).toMatch(/^application\/jwt/);
    const keys = createRemoteJWKSet(new URL(`${world.server.issuer}/jwks`));
    const { payload } = await jwtVerify(text, keys, {
      issuer: world.server.issuer,
      typ: 'compliance-report+jwt',
    });
    expect(payload['report']).toMatchObject({ issuer: world.server.issuer, standards: [{ id: 'gdpr' }] });
    const [head, body = '', signature] = text.split('.');
    const forged = JSON.parse(Buffer.from(body, 'base64url').toString());
    forged.report.standards = [];
    const other = Buffer.from(JSON.stringify(forged)).toString('base64url');
    await expect(jwtVerify(`${head}.${other}.${signature}`, keys)).rejects.toThrow();
    const printed = await world.get('/v1/compliance/printed?standard=gdpr');
    expect(printed.headers.get('content-type')).toBe('application/pdf');
    expect(printed.text.startsWith('%PDF-')).toBe(true);
  });

  it('is refused for what is not there, and for a period that ends before it begins', async () => {
    expect((await world.get('/v1/compliance?client=nobody')).body.code).toBe('unknown_client');
    expect((await world.get('/v1/compliance?resource=https%3A%2F%2Fnobody.example')).body.code).toBe(
      'unknown_resource',
    );
    expect((await world.get('/v1/compliance?standard=sox')).body.faults[0].at).toBe('query/standard');
    const period = 'since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z';
    expect((await world.get(`/v1/compliance?${period}`)).body.faults).toEqual([
      { at: 'query/since', detail: 'must be before the end of the period' },
    ]);
  });
});

describe('signing keys over the admin API', () => {
  it('are listed without what is private, rotated, and withdrawn', async () => {
    const { body, text } = await world.get('/v1/keys');
    expect(text).not.toMatch(/"d":|private/);
    expect(new Set(body.items.map(({ alg }: { alg: string }) => alg))).toEqual(
      new Set(['ES256', 'EdDSA', 'RS256']),
    );
    const rotated = (await world.post('/v1/keys/rotate', { alg: 'EdDSA' })).body.items.filter(
      ({ alg }: { alg: string }) => alg === 'EdDSA',
    );
    expect(rotated.map(({ state }: { state: string }) => state).sort()).toEqual(['signing', 'upcoming']);
    const followed = rotated.find(({ state }: { state: string }) => state === 'signing');
    // A sign-out shows an ID token as its hint up to the end of the browser session, whoever rotated the key meanwhile.
    const keptDays = (Date.parse(followed.removed_at) - Date.parse(followed.retires_at)) / 86_400_000;
    expect(keptDays).toBe(14);
    const { kid } = followed;
    const after = (await world.call('DELETE', `/v1/keys/${kid}`)).body.items;
    expect(after.some((key: { kid: string }) => key.kid === kid)).toBe(false);
    const isPublished = async () => {
      const answer = await fetch(`${world.server.issuer}/jwks`);
      const { keys } = (await answer.json()) as { keys: { kid: string }[] };
      return keys.some((key) => key.kid === kid);
    };
    await once(async () => !(await isPublished()));
    expect(await isPublished()).toBe(false);
    expect((await world.call('DELETE', '/v1/keys/nothing')).body.code).toBe('unknown_key');
    const { body: events } = await world.get('/v1/events?type=key.rotated,admin.acted');
    expect(events.items.map(({ data }: { data: { by: { kind: string } } }) => data.by.kind)).toContain(
      'administrator',
    );
  });
});

describe('the record of what an operator does', () => {
  const others =
    'consent account client client_secret resource policy policy_attachment signing_key operator delivery_receiver gateway_route';
  const tables = ['session', 'not_before', ...others.split(' ')];
  /** A session is compared by whether it lives, because it may be used meanwhile; a mass end is settled in the background. */
  const compared: Readonly<Record<string, string>> = {
    session: `id::text || coalesce(end_reason, '')`,
    not_before: `(to_jsonb(t) - 'settled_at')::text`,
  };
  const everything = async (): Promise<readonly string[]> => {
    const rows = await Promise.all(
      tables.map((name) => {
        const text = compared[name] ?? 't::text';
        return world.database.query<{ sum: string }>(
          `SELECT md5(coalesce(string_agg(${text}, ',' ORDER BY t::text), '')) AS sum FROM "${name}" t`,
        );
      }),
    );
    return rows.map(([row], index) => `${tables[index]} ${row!.sum}`);
  };

  it('commits with it: where it cannot be written, nothing is done', async () => {
    const account = (await world.post('/v1/accounts', { username: `${randomUUID()}@example.test` })).body;
    const person = (await world.get('/v1/accounts?prefix=user1')).body.items[0];
    const { sid } = await world.signIn();
    const { client_id } = (
      await world.post('/v1/clients', {
        client_name: 'Kept',
        redirect_uris: ['https://kept.example.test/cb'],
        grant_types: ['authorization_code'],
      })
    ).body;
    const receiver = await world.post('/v1/receivers', {
      name: 'kept',
      address: 'https://kept.example.test/hook',
    });
    const [key] = (await world.get('/v1/keys')).body.items;
    const client = await world.get(`/v1/clients/${client_id}`);
    const api = await world.get(`/v1/resources/${encodeURIComponent(orders)}`);
    const device = world.data.clients.device.client_id;
    const at = {
      account: `/v1/accounts/${account.id}`,
      client: `/v1/clients/${client_id}`,
      receiver: `/v1/receivers/${receiver.body.id}`,
    };
    const acts: readonly (readonly [string, string, unknown?, Readonly<Record<string, string>>?])[] = [
      ['DELETE', `/v1/sessions/${sid}`],
      ['POST', '/v1/sessions/end', { selection: { everyone: true } }],
      ['POST', '/v1/sessions/end', { selection: { account: person.id } }],
      ['POST', '/v1/sessions/end', { selection: { ids: [sid] } }],
      ['POST', '/v1/accounts', { username: `${randomUUID()}@example.test` }],
      ['POST', `${at.account}/disable`],
      ['PUT', `${at.account}/password`, {}],
      ['POST', `${at.account}/require-password`],
      ['PUT', `${at.account}/operator`, { scopes: ['events:read'] }],
      ['DELETE', at.account],
      ['DELETE', `/v1/accounts/${person.id}/consents/${device}`],
      ['PATCH', at.client, { client_name: 'Other' }, etag(client)],
      ['POST', `${at.client}/secrets`, {}],
      ['POST', `${at.client}/disable`],
      ['DELETE', at.client],
      ['PATCH', `/v1/resources/${encodeURIComponent(orders)}`, { name: 'Other' }, etag(api)],
      ['POST', '/v1/policies', { name: 'kept', settings: { basedOn: 'standard' } }],
      ['POST', '/v1/receivers', { name: 'another', address: 'https://kept.example.test/hook' }],
      ['PUT', at.receiver, { name: 'renamed', address: 'https://kept.example.test/hook' }, etag(receiver)],
      ['POST', `${at.receiver}/secret`],
      ['DELETE', at.receiver],
      ['POST', '/v1/keys/rotate', { alg: 'ES256' }],
      ['DELETE', `/v1/keys/${key.kid}`],
    ];
    await world.database.query(`CREATE FUNCTION no_acts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.type = 'admin.acted' THEN RAISE EXCEPTION 'a fault put in by a test'; END IF; RETURN NEW; END $$`);
    await world.database.query(
      'CREATE TRIGGER no_acts BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION no_acts()',
    );
    const before = await everything();
    const outcomes: string[] = [];
    for (const [method, path, body, headers = {}] of acts) {
      const { status } = await world.call(method, path, { body, headers });
      const after = await everything();
      const changed = after.filter((one) => !before.includes(one)).map((one) => one.split(' ')[0]);
      if (status < 500 || changed.length > 0)
        outcomes.push(`${method} ${path}: ${status}, changed: ${changed}`);
    }
    await world.database.query('DROP FUNCTION no_acts CASCADE');
    expect(outcomes).toEqual([]);
  });
});
