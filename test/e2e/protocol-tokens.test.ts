import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import {
  asHeader,
  authorizationRequest,
  billing,
  deviceGrant,
  ledger,
  orders,
  ProtocolWorld,
  pkce,
} from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

const forOrders = { resource: orders, scope: 'openid orders:read orders:write' };

describe('refreshing', () => {
  it('gives a new refresh token, and an ID token of the same sign-in', async () => {
    const { web } = world.clients;
    const first = await world.signIn(web, { scope: 'openid', nonce: 'n-1', max_age: '3600' });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const { status, body, headers } = await world.refresh(web, first.body.refresh_token);
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body.refresh_token).not.toBe(first.body.refresh_token);
    const [before, after] = [decodeJwt(first.body.id_token), decodeJwt(body.id_token)];
    for (const claim of ['iss', 'sub', 'aud', 'auth_time', 'acr', 'amr', 'session_expiry'])
      expect(after[claim]).toEqual(before[claim]);
    // The absolute end of the session: twelve hours after the person proved who they are.
    expect(after['session_expiry']).toBe((after['auth_time'] as number) + 12 * 3_600);
    expect([undefined, 'n-1']).toContain(after['nonce']);
    expect(after.iat).toBeGreaterThan(before.iat!);
  });

  it('refuses a wider scope and leaves the token usable; a narrower one narrows only the access token', async () => {
    const { web } = world.clients;
    const { body } = await world.signIn(web, forOrders);
    expect(
      (await world.refresh(web, body.refresh_token, { scope: 'openid orders:read admin' })).body.error,
    ).toBe('invalid_scope');
    const narrowed = await world.refresh(web, body.refresh_token, { scope: 'orders:read' });
    expect((await world.introspect(narrowed.body.access_token)).body.scope).toBe('orders:read');
    const whole = await world.refresh(web, narrowed.body.refresh_token);
    expect((await world.introspect(whole.body.access_token)).body.scope.split(' ').sort()).toEqual([
      'orders:read',
      'orders:write',
    ]);
  });

  it('refuses a resource that was not granted, or is no absolute URI, and leaves the token usable', async () => {
    const { web } = world.clients;
    const { body } = await world.signIn(web, forOrders);
    for (const resource of [billing, ledger, 'orders', `${orders}#x`, 'https://unknown.example.test'])
      expect([resource, (await world.refresh(web, body.refresh_token, { resource })).body.error]).toEqual([
        resource,
        'invalid_target',
      ]);
    expect((await world.refresh(web, body.refresh_token)).status).toBe(200);
  });

  const spelled = 'HTTPS://Orders.Example.TEST:443/';

  it('knows an API in any spelling of its address, at every endpoint, and its token by the audience alone', async () => {
    const { web, pushed, tv, service } = world.clients;
    const wanted = { resource: spelled, scope: 'openid orders:read' };
    const { body } = await world.signIn(web, wanted);
    const { verifier, challenge } = pkce();
    const request = { ...wanted, code_challenge: challenge, code_challenge_method: 'S256' };
    const form = authorizationRequest(pushed, world.callback, request);
    const { request_uri } = (await world.post('/par', form, asHeader(pushed))).body;
    const at = new URLSearchParams({ client_id: pushed.id, request_uri });
    const page = await world.person().follow(`${world.issuer}/authorize?${at}`);
    const device = { client_id: tv.id, ...wanted };
    const started = (await world.post('/device/authorization', device)).body;
    await world.person().follow(started.verification_uri_complete);
    const { device_code } = started;
    const own = { grant_type: 'client_credentials', resource: spelled, client_id: service.id };
    const answers = [
      { body },
      await world.refresh(web, body.refresh_token, { resource: `${orders}/` }),
      await world.redeem(pushed, page.url.searchParams.get('code')!, verifier, { resource: spelled }),
      await world.post('/token', { grant_type: deviceGrant, device_code, client_id: tv.id }),
      await world.post('/token', { ...own, client_secret: service.secret }),
    ];
    for (const answer of answers)
      expect((await world.introspect(answer.body.access_token)).body).toMatchObject({
        active: true,
        aud: orders,
      });
  });

  it.each(['.', '/.', '//', '/%2e', '?', '/x', '#'])(
    'knows it no more with %j at the end of its address',
    async (end) => {
      const wanted = { scope: 'orders:read', resource: `${orders}${end}` };
      expect((await world.authorize(world.clients.web, wanted)).query.get('error')).toBe('invalid_target');
    },
  );

  it('refuses the token of another client, lets its session live, and records the attempt', async () => {
    const { web, other } = world.clients;
    const { body } = await world.signIn(web);
    expect(await world.refresh(other, body.refresh_token)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect((await world.refresh(web, body.refresh_token)).status).toBe(200);
    const events = await world.database.query(
      `SELECT data FROM event WHERE type = 'session.refresh_refused' AND data->>'presentedBy' = $1`,
      [other.id],
    );
    expect(events).toHaveLength(1);
  });

  it('answers every refusal alike: unknown, garbage, truncated, padded, ended', async () => {
    const { web } = world.clients;
    const { body } = await world.signIn(web);
    const token = body.refresh_token as string;
    const ended = (await world.signIn(web)).body.refresh_token;
    await world.revoke(web, ended);
    const bodies = [];
    for (const bad of [
      'x',
      `cfw_rt_${'A'.repeat(80)}`,
      token.slice(0, -1),
      `${token}A`,
      `${token}=`,
      token.toUpperCase(),
      ended,
    ]) {
      const answer = await world.refresh(web, bad);
      expect(answer.status).toBe(400);
      bodies.push(JSON.stringify(answer.body));
    }
    expect(new Set(bodies).size).toBe(1);
    expect(JSON.parse(bodies[0]!).error).toBe('invalid_grant');
    expect((await world.refresh(web, token)).status).toBe(200);
  });

  it('ends the session when a token comes back after its successor was used', async () => {
    const { spa } = world.clients;
    const first = (await world.signIn(spa, forOrders)).body;
    const second = (await world.refresh(spa, first.refresh_token)).body;
    const third = (await world.refresh(spa, second.refresh_token)).body;
    expect((await world.refresh(spa, first.refresh_token)).body.error).toBe('invalid_grant');
    expect((await world.refresh(spa, third.refresh_token)).body.error).toBe('invalid_grant');
    for (const { access_token } of [first, second, third])
      expect((await world.introspect(access_token)).body).toEqual({ active: false });
  });

  it('revokes nothing for a replay that is otherwise invalid', async () => {
    const { web } = world.clients;
    const first = (await world.signIn(web)).body;
    const second = (await world.refresh(web, first.refresh_token)).body;
    const third = (await world.refresh(web, second.refresh_token)).body;
    expect((await world.refresh({ ...web, secret: 'wrong' }, first.refresh_token)).status).toBe(401);
    expect((await world.refresh(web, first.refresh_token, { scope: 'everything' })).body.error).toBe(
      'invalid_scope',
    );
    expect((await world.refresh(web, third.refresh_token)).status).toBe(200);
  });

  it('gives each authorization a session of its own, in one browser too', async () => {
    const { web } = world.clients;
    const { code, verifier, person } = await world.authorize(web);
    const one = (await world.redeem(web, code, verifier)).body;
    const two = (await world.signIn(web, {}, person)).body;
    await world.revoke(web, one.refresh_token);
    expect((await world.refresh(web, two.refresh_token)).status).toBe(200);
  });
});

describe('JWT access tokens (RFC 9068)', () => {
  const jwtToken = async () =>
    (await world.signIn(world.clients.web, { resource: ledger, scope: 'openid orders:read' })).body;

  it('say what they are, for whom, and what session they belong to', async () => {
    const { access_token } = await jwtToken();
    const keys = createRemoteJWKSet(new URL(`${world.issuer}/jwks`));
    const { payload, protectedHeader } = await jwtVerify(access_token, keys, {
      issuer: world.issuer,
      audience: ledger,
      typ: 'at+jwt',
    });
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload).toMatchObject({
      client_id: world.clients.web.id,
      scope: 'orders:read',
      jti: expect.any(String),
      sub: expect.any(String),
    });
    expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(900);
  });
});

describe('a machine', () => {
  it('gets a token for its one API, without refresh token or ID token', async () => {
    const { service } = world.clients;
    const form = {
      grant_type: 'client_credentials',
      scope: 'orders:read',
      client_id: service.id,
      client_secret: service.secret,
    };
    const { status, body } = await world.post('/token', form);
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
    expect((await world.introspect(body.access_token)).body).toMatchObject({
      active: true,
      client_id: service.id,
      aud: orders,
    });
  });

  it('proves itself by an assertion for the issuer, each of them once', async () => {
    const form = async (claims = {}) => ({
      grant_type: 'client_credentials',
      client_assertion: await world.assertion(claims),
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    const once = await form();
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.post('/token', once)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(401)]);
    const both = [world.issuer, 'https://elsewhere.test'];
    const audiences = [`${world.issuer}/token`, both, 'https://elsewhere.test', [[world.issuer]]];
    const others: object[] = [...audiences.map((aud) => ({ aud })), { sub: [world.clients.robot.id] }];
    for (const claims of others)
      expect(await world.post('/token', await form(claims))).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      });
  });
});

describe('ID tokens', () => {
  it.each([
    ['web', 'ES256'],
    ['eddsa', 'EdDSA'],
    ['rs256', 'RS256'],
  ] as const)('of client %s are signed with %s and verify with the published keys', async (name, alg) => {
    const { body } = await world.signIn(world.clients[name]);
    expect(decodeProtectedHeader(body.id_token).alg).toBe(alg);
    const keys = createRemoteJWKSet(new URL(`${world.issuer}/jwks`));
    await expect(
      jwtVerify(body.id_token, keys, { issuer: world.issuer, audience: world.clients[name].id }),
    ).resolves.toBeDefined();
  });
});
