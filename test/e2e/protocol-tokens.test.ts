import { setTimeout as pause } from 'node:timers/promises';
import { type ClientChange, ClientService, PolicyService, registryChannel } from '@curfew/clients';
import type { Clock } from '@curfew/clock';
import { instant } from '@curfew/session-policy';
import { AccessTokenCodec, KeyRing, ServiceKeys } from '@curfew/tokens';
import {
  calculateJwkThumbprint,
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  jwtVerify,
} from 'jose';
import { type ProofKey, proofKey } from '../support/proof-key.js';
import {
  asHeader,
  authorizationRequest,
  billing,
  deviceGrant,
  exchangeGrant,
  ledger,
  orders,
  ProtocolWorld,
  pkce,
  type TestClient,
} from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start({ CURFEW_THROTTLE_EXCHANGE: '50/1h' });
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

describe('a token that was exchanged (RFC 8693)', () => {
  const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
  const signIn = async (scope = 'openid orders:read orders:write') =>
    (await world.signIn(world.clients.web, { resource: orders, scope })).body;
  const exchange = (client: TestClient, subject_token: string, extra: Record<string, string> = {}) =>
    world.post(
      '/token',
      { grant_type: exchangeGrant, subject_token, subject_token_type: accessTokenType, ...extra },
      asHeader(client),
    );
  const atLedger = { resource: ledger };
  const isActive = async (token: string, client: TestClient) =>
    (await world.introspect(token, client)).body.active;

  it('is narrower, for the other API, of the same session, and says who acts', async () => {
    const { ordersActor, ledgerActor } = world.clients;
    const { access_token: subject } = await signIn();
    const { status, body } = await exchange(ordersActor, subject, atLedger);
    expect([status, body]).toEqual([
      200,
      {
        access_token: expect.any(String),
        issued_token_type: accessTokenType,
        expires_in: 120,
        scope: 'orders:read',
        token_type: 'Bearer',
      },
    ]);
    const before = (await world.introspect(subject)).body;
    const answer = (await world.introspect(body.access_token, ledgerActor)).body;
    const same = { sub: before.sub, sid: before.sid, amr: before.amr, auth_time: before.auth_time };
    const act = { sub: ordersActor.id };
    const told = { client_id: ordersActor.id, aud: ledger, scope: 'orders:read', act };
    expect(answer).toMatchObject({ active: true, ...same, ...told });
    expect(decodeJwt(body.access_token)).toMatchObject({ sub: before.sub, sid: before.sid, ...told });
    const events = await world.database.query<{ data: unknown; sid: string; client: string }>(
      `SELECT data, session_id AS sid, client_id AS client FROM event WHERE type = 'token.exchanged' AND session_id = $1`,
      [before.sid],
    );
    const data = {
      actors: [ordersActor.id],
      resource: ledger,
      scope: 'orders:read',
      expiresAt: answer.exp * 1000,
    };
    expect(events).toEqual([{ data, sid: before.sid, client: ordersActor.id }]);
  });

  it('is exchanged again as often as the right allows, and names all who act', async () => {
    const { ordersActor, ledgerActor } = world.clients;
    const { access_token: subject } = await signIn();
    const first = (await exchange(ordersActor, subject, atLedger)).body.access_token;
    const second = (await exchange(ledgerActor, first, { audience: orders })).body;
    const answer = (await world.introspect(second.access_token)).body;
    expect(answer.act).toEqual({ sub: ledgerActor.id, act: { sub: ordersActor.id } });
    expect(answer.exp).toBeLessThanOrEqual(decodeJwt(first).exp!);
    expect((await exchange(ordersActor, second.access_token, atLedger)).body.error).toBe('invalid_request');
  });

  it('is refused where anything about it is not within a right', async () => {
    const { ordersActor, ledgerActor, api, web, service } = world.clients;
    const { access_token: subject, refresh_token, id_token } = await signIn('openid orders:read');
    const own = { grant_type: 'client_credentials', client_id: service.id, client_secret: service.secret };
    const ofService = (await world.post('/token', own)).body.access_token;
    const write = (await signIn('openid orders:write')).access_token;
    const refused: [TestClient, string, Record<string, string>, string][] = [
      [ledgerActor, subject, { resource: orders }, 'invalid_request'],
      [ordersActor, ofService, atLedger, 'invalid_request'],
      [ordersActor, refresh_token, atLedger, 'invalid_request'],
      [ordersActor, id_token, atLedger, 'invalid_request'],
      [ordersActor, 'nonsense', atLedger, 'invalid_request'],
      [ordersActor, '', atLedger, 'invalid_request'],
      [
        ordersActor,
        subject,
        { ...atLedger, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
        'invalid_request',
      ],
      [
        ordersActor,
        subject,
        { ...atLedger, requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
        'invalid_request',
      ],
      [ordersActor, subject, { ...atLedger, actor_token: subject }, 'invalid_request'],
      [ordersActor, subject, {}, 'invalid_target'],
      [ordersActor, subject, { resource: billing }, 'invalid_target'],
      [ordersActor, subject, { resource: orders }, 'invalid_target'],
      [ordersActor, subject, { resource: 'https://unknown.example.test' }, 'invalid_target'],
      [ordersActor, subject, { ...atLedger, audience: orders }, 'invalid_target'],
      [ordersActor, subject, { ...atLedger, scope: 'orders:read orders:write' }, 'invalid_scope'],
      [ordersActor, subject, { ...atLedger, scope: 'openid' }, 'invalid_scope'],
      [ordersActor, write, atLedger, 'invalid_scope'],
      [api, subject, atLedger, 'invalid_request'],
      [web, subject, atLedger, 'invalid_request'],
    ];
    for (const [client, token, extra, error] of refused) {
      const { status, body } = await exchange(client, token, extra);
      expect([client.id, extra, status, body.error, body.access_token]).toEqual([
        client.id,
        extra,
        400,
        error,
        undefined,
      ]);
    }
    expect((await exchange(ordersActor, subject, atLedger)).status).toBe(200);
  });

  it('ends with its session, at once, and can be given back alone by its actor', async () => {
    const { ordersActor, ledgerActor, web } = world.clients;
    const { access_token: subject, refresh_token } = await signIn();
    const [one, other] = [
      (await exchange(ordersActor, subject, atLedger)).body.access_token,
      (await exchange(ordersActor, subject, atLedger)).body.access_token,
    ];
    await world.revoke(web, one);
    expect(await isActive(one, ledgerActor)).toBe(true);
    await world.revoke(ordersActor, one);
    expect([await isActive(one, ledgerActor), await isActive(other, ledgerActor)]).toEqual([false, true]);
    await world.revoke(web, refresh_token);
    expect(await isActive(other, ledgerActor)).toBe(false);
    expect((await exchange(ordersActor, subject, atLedger)).body.error).toBe('invalid_request');
  });

  it('takes a token of the client itself for the actor, and no other', async () => {
    const { ordersActor, service } = world.clients;
    const { access_token: subject } = await signIn();
    const { access_token: other } = await signIn();
    const own = async ({ id, secret }: TestClient, header = true) =>
      (
        await world.post(
          '/token',
          { grant_type: 'client_credentials', ...(header ? {} : { client_id: id, client_secret: secret }) },
          header ? asHeader({ id, secret } as TestClient) : {},
        )
      ).body.access_token;
    const as = (actor_token: string, actor_token_type = accessTokenType) =>
      exchange(ordersActor, subject, { ...atLedger, actor_token, actor_token_type });
    const { status, body } = await as(await own(ordersActor));
    expect([status, decodeJwt(body.access_token)['act']]).toEqual([200, { sub: ordersActor.id }]);
    for (const refused of [
      await as(other),
      await as(subject),
      await as(body.access_token),
      await as(await own(service, false)),
      await as('nonsense'),
      await as(await own(ordersActor), 'urn:ietf:params:oauth:token-type:jwt'),
      await exchange(ordersActor, subject, { ...atLedger, actor_token: await own(ordersActor) }),
      await exchange(ordersActor, subject, { ...atLedger, actor_token_type: accessTokenType }),
    ])
      expect([refused.status, refused.body.error]).toEqual([400, 'invalid_request']);
  });

  it('is for one API in any spelling of its address, and no wider by any spelling of its scope', async () => {
    const { ordersActor } = world.clients;
    const { access_token: subject } = await signIn();
    const at = (resource: string, scope?: string) =>
      exchange(ordersActor, subject, { resource, ...(scope === undefined ? {} : { scope }) });
    for (const one of [ledger.toUpperCase().replace('HTTPS', 'https'), `${ledger}/`, `${ledger}:443`]) {
      const { status, body } = await at(one);
      expect([one, status, decodeJwt(body.access_token).aud]).toEqual([one, 200, ledger]);
    }
    for (const scope of [
      'orders:write',
      'orders:read orders:write',
      'orders:read%20orders:write',
      'orders:read+orders:write',
      'orders:read\torders:write',
      'orders:read\u00a0orders:write',
      'orders:read,orders:write',
      'orders:read  orders:write',
      'ORDERS:READ',
      '*',
    ])
      expect([scope, (await at(ledger, scope)).body.error]).toEqual([scope, 'invalid_scope']);
    expect((await at(ledger, 'orders:read orders:read')).body.scope).toBe('orders:read');
  });

  it('is asked for by a few names of its API at most', async () => {
    const { ordersActor } = world.clients;
    const { access_token: subject_token } = await signIn();
    const names = ['https', 'HTTPS', 'Https'].flatMap((scheme) =>
      ['', '/', ':443', ':443/'].map((end) => `${ledger.replace('https', scheme)}${end}`),
    );
    const by = async (...resources: readonly string[]) => {
      const form = { grant_type: exchangeGrant, subject_token, subject_token_type: accessTokenType };
      const named = resources.map((resource): [string, string] => ['resource', resource]);
      const sent = new URLSearchParams([...Object.entries(form), ...named]);
      return (await world.post('/token', sent, asHeader(ordersActor))).body.error;
    };
    expect(await by(...names.slice(0, 8), names[0]!)).toBeUndefined();
    expect(await by(...names.slice(0, 9))).toBe('invalid_target');
  });

  it('is made so often by one client for one session, and no more; others go on', async () => {
    const { ordersActor, ledgerActor } = world.clients;
    const { access_token: subject } = await signIn();
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => exchange(ordersActor, subject, atLedger)),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    const told = refused.map(({ status, body, headers }) => [
      status,
      body.error,
      Number(headers.get('retry-after')) > 0,
    ]);
    expect(told).toEqual(Array(10).fill([429, 'temporarily_unavailable', true]));
    const { sid } = (await world.introspect(subject)).body;
    const events = `SELECT 1 FROM event WHERE type = 'token.exchanged' AND session_id = $1`;
    expect(await world.database.query(events, [sid])).toHaveLength(50);
    const { access_token } = answers.find(({ status }) => status === 200)!.body;
    const { access_token: other } = await signIn();
    expect((await exchange(ledgerActor, access_token, { resource: orders })).status).toBe(200);
    expect((await exchange(ordersActor, other, atLedger)).status).toBe(200);
  });

  it('is bound to the key of the client that exchanges, and one that was bound to its key needs it', async () => {
    const { deputy, ordersActor, ledgerActor } = world.clients;
    const [key, otherKey] = [await proofKey(), await proofKey()];
    const prove = (by: ProofKey) => by.prove({ htm: 'POST', htu: `${world.issuer}/token` });
    const { code, verifier } = await world.authorize(deputy, { resource: orders, scope: 'orders:read' });
    const { body } = await world.redeem(deputy, code, verifier, {}, { dpop: await prove(key) });
    const subject = body.access_token;
    const by = async (client: TestClient, dpop?: string) =>
      world.post(
        '/token',
        {
          grant_type: exchangeGrant,
          subject_token: subject,
          subject_token_type: accessTokenType,
          ...atLedger,
        },
        { ...asHeader(client), ...(dpop === undefined ? {} : { dpop }) },
      );
    expect((await by(deputy)).body.error).toBe('invalid_request');
    expect((await by(deputy, await prove(otherKey))).body.error).toBe('invalid_request');
    const spent = await prove(key);
    const bound = await by(deputy, spent);
    expect([bound.status, bound.body.token_type]).toEqual([200, 'DPoP']);
    const jkt = await calculateJwkThumbprint(key.jwk);
    expect((await world.introspect(bound.body.access_token, ledgerActor)).body.cnf).toEqual({ jkt });
    expect((await by(deputy, spent)).body.error).toBe('invalid_dpop_proof');
    // The API that was called never has the key of its caller; what it gets is bound to its own.
    expect((await by(ordersActor)).body.token_type).toBe('Bearer');
    const own = await by(ordersActor, await prove(otherKey));
    expect(decodeJwt(own.body.access_token)['cnf']).toEqual({
      jkt: await calculateJwkThumbprint(otherKey.jwk),
    });
  });

  it('needs what the policy of its own API requires, at the exchange and as long as it lives', async () => {
    const { ordersActor, ledgerActor, api } = world.clients;
    const { access_token: subject } = await signIn();
    const { access_token: token } = (await exchange(ordersActor, subject, atLedger)).body;
    const prisma = world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' });
    const clock = { now: () => instant(performance.timeOrigin + performance.now()) } as Clock;
    const policies = new PolicyService(prisma, clock);
    const settings = { basedOn: 'standard', requiredAcr: 'urn:curfew:acr:mfa' };
    await policies.save({ name: 'two-factors', previous: 0, settings, createdBy: 'test' });
    await policies.attach({ kind: 'resource', audience: ledger }, 'two-factors');
    const deadline = performance.now() + 10_000;
    while (await isActive(token, ledgerActor)) expect(performance.now()).toBeLessThan(deadline);
    expect((await exchange(ordersActor, subject, atLedger)).body).toMatchObject({
      error: 'insufficient_user_authentication',
      acr_values: 'urn:curfew:acr:mfa',
    });
    // The session stands at its own API all the same.
    expect(await isActive(subject, api)).toBe(true);
    await policies.detach({ kind: 'resource', audience: ledger });
    while ((await exchange(ordersActor, subject, atLedger)).status !== 200)
      expect(performance.now()).toBeLessThan(deadline);
  });

  it('respects a token that names who may act by it (RFC 8693 §4.4)', async () => {
    const { ordersActor, api, web } = world.clients;
    const { access_token } = await signIn();
    const { sid: grantId, iat, exp } = (await world.introspect(access_token, api)).body;
    const secrets = new ServiceKeys([world.server.environment['CURFEW_KEY_ENCRYPTION_SECRETS']!]);
    const codec = new AccessTokenCodec(new KeyRing(secrets.derive('access token')));
    const common = { kind: 'AccessToken', clientId: web.id, aud: orders, scope: 'orders:read' };
    const naming = (sub: string, iss?: string) =>
      codec.seal({ ...common, grantId, iat, exp, may_act: { sub, iss } });
    expect((await exchange(ordersActor, naming(ordersActor.id), atLedger)).status).toBe(200);
    expect((await exchange(ordersActor, naming(api.id), atLedger)).body.error).toBe('invalid_request');
    // A client of another issuer that has the same name is somebody else.
    expect((await exchange(ordersActor, naming(ordersActor.id, world.issuer), atLedger)).status).toBe(200);
    const foreign = naming(ordersActor.id, 'https://elsewhere.example.test');
    expect((await exchange(ordersActor, foreign, atLedger)).body.error).toBe('invalid_request');
  });

  it('keeps nobody’s session alive', async () => {
    const { ordersActor, ledgerActor } = world.clients;
    const { access_token: subject } = await signIn();
    const { access_token: token } = (await exchange(ordersActor, subject, atLedger)).body;
    await pause(1_100);
    expect(await isActive(token, ledgerActor)).toBe(true);
    const passive = await world.introspect(subject, world.clients.api, { touch: 'false' });
    expect(passive.body.idle_for).toBeGreaterThanOrEqual(1);
  });

  it('lives in no schedule of its exchange and the end of its session', async () => {
    const { ordersActor, ledgerActor, web } = world.clients;
    const made: string[] = [];
    for (let round = 0; round < 25; round += 1) {
      const { access_token: subject, refresh_token } = await signIn();
      const exchanges = Array.from({ length: 8 }, async (_, index) => {
        await pause(index / 2);
        return (await exchange(ordersActor, subject, atLedger)).body.access_token as string | undefined;
      });
      const [, ...tokens] = await Promise.all([world.revoke(web, refresh_token), ...exchanges]);
      made.push(...tokens.filter((token) => token !== undefined));
    }
    expect(made.length).toBeGreaterThan(0);
    for (const token of made) expect(await isActive(token, ledgerActor)).toBe(false);
  });

  it('ends with a change of the registration, and does not come back with the right', async () => {
    const { deputy, ledgerActor } = world.clients;
    const prisma = world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' });
    const clock = { now: () => instant(performance.timeOrigin + performance.now()) } as Clock;
    const clients = new ClientService({ prisma, clock: clock, rules: { allowPrivateAddresses: true } });
    const change = async (one: ClientChange) => {
      const { client } = (await clients.find(deputy.id))!;
      await clients.update(deputy.id, one, client.version);
    };
    const subject = (await world.signIn(deputy, { resource: orders, scope: 'orders:read' })).body
      .access_token;
    const before = (await clients.find(deputy.id))!.client.metadata;
    const { token_exchange } = before;
    const racing = Array.from({ length: 40 }, async (_, index) => {
      await pause(index / 4);
      return (await exchange(deputy, subject, atLedger)).body.access_token as string | undefined;
    });
    await change({ grant_types: ['authorization_code', 'refresh_token'], token_exchange: null });
    const held = (await Promise.all(racing)).filter((token) => token !== undefined);
    expect(held.length).toBeGreaterThan(0);
    const areDead = async () => {
      for (const token of held) expect(await isActive(token, ledgerActor)).toBe(false);
    };
    await areDead();
    expect(await isActive(subject, world.clients.api)).toBe(true);
    const { grant_types } = before;
    await change({ grant_types: [...grant_types], token_exchange: [...token_exchange!] });
    while ((await exchange(deputy, subject, atLedger)).status !== 200) await pause(20);
    await areDead();
  });

  it('ends with the right of any client that acts by it', async () => {
    const { ordersActor, ledgerActor } = world.clients;
    const { access_token: subject } = await signIn();
    const first = (await exchange(ordersActor, subject, atLedger)).body.access_token;
    const second = (await exchange(ledgerActor, first, { resource: orders })).body.access_token;
    expect(await isActive(second, world.clients.api)).toBe(true);
    await world.database.query(
      `WITH changed AS (UPDATE client SET metadata = metadata - 'token_exchange' || '{"grant_types": []}' WHERE id = $1 RETURNING 1)
       SELECT pg_notify($2, '') FROM changed`,
      [ordersActor.id, registryChannel],
    );
    const deadline = performance.now() + 10_000;
    while (await isActive(second, world.clients.api)) expect(performance.now()).toBeLessThan(deadline);
    expect(await isActive(first, ledgerActor)).toBe(false);
    expect((await exchange(ordersActor, subject, atLedger)).body.error).toBe('invalid_request');
  });

  it('is not made of a token for an API that was deleted', async () => {
    const { ledgerActor, web } = world.clients;
    const { access_token: subject } = (
      await world.signIn(web, { resource: ledger, scope: 'openid orders:read' })
    ).body;
    const answer = () => exchange(ledgerActor, subject, { resource: orders });
    expect((await answer()).status).toBe(200);
    await world.database.query(
      `WITH gone AS (DELETE FROM resource WHERE audience = $1 RETURNING 1) SELECT pg_notify($2, '') FROM gone`,
      [ledger, registryChannel],
    );
    const deadline = performance.now() + 10_000;
    while ((await answer()).status === 200) expect(performance.now()).toBeLessThan(deadline);
    expect((await answer()).body.error).toBe('invalid_request');
  });
});
