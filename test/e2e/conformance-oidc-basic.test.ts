import { randomUUID } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { Page, Person } from '../support/person.js';
import { asHeader, authorizationRequest, ProtocolWorld, pkce, type TestClient } from './protocol-world.js';

/*
 * The modules of the plan `oidcc-basic-certification-test-plan` of the OpenID Foundation's conformance suite, one test for each, by its id, in
 * the order of the plan. They ask what the suite's public source asks; the suite itself is not run. Its requests bring a nonce and no PKCE,
 * which is for clients that are registered for it (docs/protocol.md); the module without a nonce is asked with PKCE.
 */
let world: ProtocolWorld;
let client: TestClient;
let metadata: Record<string, unknown>;
beforeAll(async () => {
  world = await ProtocolWorld.start({ CURFEW_VIRTUAL_CLOCK: 'true' });
  client = world.clients.nonce;
  metadata = (await world.get('/.well-known/openid-configuration')).body;
}, 60_000);
afterAll(() => world?.stop());

const asksPassword = ({ body }: Page): boolean => body.includes('name="password"');

const request = (extra: Record<string, string> = {}) =>
  authorizationRequest(client, world.callback, { nonce: randomUUID(), ...extra });
const addressOf = (parameters: URLSearchParams) => `${world.issuer}/authorize?${parameters}`;

/** The answer to an authorization request, after everything that the person was asked. */
const ask = async (extra: Record<string, string> = {}, person = world.person()) => {
  const parameters = request(extra);
  const page = await person.follow(addressOf(parameters));
  const query = page.url.searchParams;
  return { person, page, query, code: query.get('code') ?? '', nonce: parameters.get('nonce') };
};
const redeem = (code: string, by = client) =>
  world.post(
    '/token',
    { grant_type: 'authorization_code', code, redirect_uri: world.callback },
    asHeader(by),
  );

/** A whole flow; its tokens, and the claims of its ID token. */
const flow = async (extra: Record<string, string> = {}, person: Person = world.person()) => {
  const { code, nonce, page } = await ask(extra, person);
  const { status, body } = await redeem(code);
  if (status !== 200) throw new Error(`${page.url} ${status} ${JSON.stringify(body)}`);
  const claims = decodeJwt(body.id_token);
  expect(claims['nonce']).toBe(nonce);
  return { ...body, claims, person } as Record<string, string> & {
    claims: Record<string, unknown>;
    person: Person;
  };
};
const userinfo = async (token: string) =>
  (await world.get('/userinfo', { authorization: `Bearer ${token}` })).body;
const isActive = async (token: string) =>
  (await world.get('/userinfo', { authorization: `Bearer ${token}` })).status === 200;

describe('oidcc-basic-certification-test-plan', () => {
  it('oidcc-server: a code flow with an ID token that verifies', async () => {
    const { query, code, nonce } = await ask();
    expect([query.get('state'), query.get('iss'), code.length >= 22]).toEqual(['xyz', world.issuer, true]);
    const { status, body } = await redeem(code);
    expect([status, body.token_type, body.scope]).toEqual([200, 'Bearer', 'openid']);
    const keys = createRemoteJWKSet(new URL(`${world.issuer}/jwks`));
    const { payload } = await jwtVerify(body.id_token, keys, { issuer: world.issuer, audience: client.id });
    expect(payload).toMatchObject({
      nonce,
      sub: expect.stringMatching(/^[\x20-\x7e]{1,255}$/),
      aud: client.id,
    });
    expect(payload.exp! > payload.iat!).toBe(true);
  });

  it('oidcc-response-type-missing: is refused', async () => {
    const { query } = await ask({ response_type: '' });
    expect([query.get('error'), query.get('code')]).toEqual(['invalid_request', null]);
  });

  it('oidcc-idtoken-signature: the ID token names its key and verifies by it', async () => {
    const { id_token } = await flow();
    const { protectedHeader } = await jwtVerify(
      id_token!,
      createRemoteJWKSet(new URL(`${world.issuer}/jwks`)),
    );
    expect(protectedHeader).toMatchObject({ alg: 'ES256', kid: expect.any(String) });
  });

  it('oidcc-idtoken-unsigned: is skipped, because none is no algorithm here', () => {
    expect(metadata['id_token_signing_alg_values_supported']).toEqual(['ES256', 'EdDSA', 'RS256']);
  });

  it('oidcc-userinfo-get: answers with the subject of the ID token', async () => {
    const { access_token, claims } = await flow();
    expect(await userinfo(access_token!)).toMatchObject({ sub: claims['sub'] });
  });

  it('oidcc-userinfo-post-header: answers a POST with the token in its header', async () => {
    const { access_token, claims } = await flow();
    const { status, body } = await world.post('/userinfo', {}, { authorization: `Bearer ${access_token}` });
    expect([status, body.sub]).toEqual([200, claims['sub']]);
  });

  it('oidcc-userinfo-post-body: answers a POST with the token in its body', async () => {
    const { access_token, claims } = await flow();
    const { status, body } = await world.post('/userinfo', { access_token: access_token! });
    expect([status, body.sub]).toEqual([200, claims['sub']]);
  });

  it('oidcc-ensure-request-without-nonce-succeeds-for-code-flow: with PKCE', async () => {
    const { body } = await world.signIn(client);
    expect(decodeJwt(body.id_token)).not.toHaveProperty('nonce');
  });

  it('oidcc-scope-profile: userinfo has the claims that the service knows', async () => {
    const { access_token } = await flow({ scope: 'openid profile' });
    expect(await userinfo(access_token!)).toMatchObject({
      preferred_username: world.data.accounts[0]!.username,
    });
  });

  it('oidcc-scope-email: userinfo has the address, and whether it is verified', async () => {
    const { access_token } = await flow({ scope: 'openid email' });
    expect(await userinfo(access_token!)).toMatchObject({
      email: world.data.accounts[0]!.username,
      email_verified: false,
    });
  });

  it.each(['address', 'phone'])(
    'oidcc-scope-%s: is skipped, because that scope is none here',
    async (scope) => {
      expect(metadata['scopes_supported']).not.toContain(scope);
      const { access_token, scope: granted } = await flow({ scope: `openid ${scope}` });
      expect([granted, Object.keys(await userinfo(access_token!))]).toEqual(['openid', ['sub']]);
    },
  );

  it('oidcc-scope-all: userinfo has the claims of all that are supported', async () => {
    const { access_token } = await flow({ scope: 'openid profile email' });
    const { username } = world.data.accounts[0]!;
    expect(await userinfo(access_token!)).toMatchObject({ preferred_username: username, email: username });
  });

  it('oidcc-ensure-other-scope-order-succeeds: the order of scopes means nothing', async () => {
    const { access_token } = await flow({ scope: 'email openid' });
    expect(await userinfo(access_token!)).toHaveProperty('email');
  });

  it.each(['page', 'popup'])('oidcc-display-%s: does no harm', async (display) => {
    expect((await flow({ display })).claims['sub']).toEqual(expect.any(String));
  });

  it('oidcc-prompt-login: asks a person who is signed in for the proof again, and auth_time says so', async () => {
    const first = await flow({ max_age: '3600' });
    await world.pass(2);
    const asked = await first.person.follow(addressOf(request({ prompt: 'login' })), asksPassword);
    expect(asksPassword(asked)).toBe(true);
    const again = await flow({ prompt: 'login', max_age: '3600' }, first.person);
    expect(Number(again.claims['auth_time'])).toBeGreaterThan(Number(first.claims['auth_time']));
    expect(again.claims['sub']).toBe(first.claims['sub']);
  });

  it('oidcc-prompt-none-not-logged-in: is login_required, without a page', async () => {
    const { page, query } = await ask({ prompt: 'none' });
    expect([page.url.href.split('?')[0], query.get('error'), query.get('state')]).toEqual([
      world.callback,
      'login_required',
      'xyz',
    ]);
  });

  it('oidcc-prompt-none-logged-in: answers with the same sign-in', async () => {
    const first = await flow({ max_age: '3600' });
    await world.pass(2);
    const silent = await flow({ prompt: 'none', max_age: '3600' }, first.person);
    for (const name of ['sub', 'auth_time', 'acr', 'amr'])
      expect(silent.claims[name]).toEqual(first.claims[name]);
  });

  it('oidcc-max-age-1: asks for the proof again once a second has passed', async () => {
    const first = await flow({ max_age: '1' });
    await world.pass(2);
    const asked = await first.person.follow(addressOf(request({ max_age: '1' })), asksPassword);
    expect(asksPassword(asked)).toBe(true);
    const { claims } = await flow({ max_age: '1' }, first.person);
    expect(Number(claims['auth_time'])).toBeGreaterThan(Number(first.claims['auth_time']));
    expect(claims['sub']).toBe(first.claims['sub']);
    await world.pass(2);
    // Nobody is asked where no page may be shown.
    expect((await ask({ max_age: '1', prompt: 'none' }, first.person)).query.get('error')).toBe(
      'login_required',
    );
  });

  it('oidcc-max-age-10000: asks for nothing while the proof is younger, and tells its instant', async () => {
    const first = await flow();
    await world.pass(5);
    const page = await first.person.follow(addressOf(request({ max_age: '10000' })), asksPassword);
    expect(page.url.searchParams.has('code')).toBe(true);
    const { claims } = await flow({ max_age: '10000' }, first.person);
    expect([claims['sub'], claims['auth_time']]).toEqual([first.claims['sub'], first.claims['auth_time']]);
  });

  it('oidcc-ensure-request-with-unknown-parameter-succeeds: what is not understood is ignored', async () => {
    expect((await flow({ extra: 'foobar' })).claims['sub']).toEqual(expect.any(String));
  });

  it('oidcc-id-token-hint: names the person who is signed in, without a page', async () => {
    const { id_token, person, claims } = await flow();
    const silent = await flow({ prompt: 'none', id_token_hint: id_token! }, person);
    expect(silent.claims['sub']).toBe(claims['sub']);
    const { username, password } = world.data.accounts[1]!;
    const other = world.person().followedBy(username, password);
    await flow({}, other);
    const asked = await ask({ prompt: 'none', id_token_hint: id_token! }, other);
    expect([asked.query.get('error'), asked.code]).toEqual(['login_required', '']);
  });

  it('oidcc-login-hint: stands in the field for the name', async () => {
    const page = await world
      .person()
      .follow(addressOf(request({ login_hint: 'bob@example.com' })), asksPassword);
    expect(page.body).toMatch(/<input[^>]*value="bob@example\.com"/);
  });

  it('oidcc-ui-locales: a language that is not spoken here is no error, and one that is spoken is used', async () => {
    expect((await flow({ ui_locales: 'se' })).claims['sub']).toEqual(expect.any(String));
    const page = await world.person().follow(addressOf(request({ ui_locales: 'se de' })), asksPassword);
    expect(page.body).toContain('<html lang="de"');
  });

  it('oidcc-claims-locales: does no harm', async () => {
    expect((await flow({ claims_locales: 'se' })).claims['sub']).toEqual(expect.any(String));
  });

  it('oidcc-ensure-request-with-acr-values-succeeds: and the class that was proved is told', async () => {
    const [weakest] = metadata['acr_values_supported'] as string[];
    expect((await flow({ acr_values: weakest! })).claims).toMatchObject({ acr: weakest });
    expect((await flow({ acr_values: '1 2' })).claims['acr']).toBe(weakest);
  });

  it.each([
    ['oidcc-codereuse', 0],
    ['oidcc-codereuse-30seconds', 30],
  ])('%s: a code is redeemed once, and again after %i seconds ends what it led to', async (_, seconds) => {
    const { code } = await ask();
    const { body } = await redeem(code);
    expect(await isActive(body.access_token)).toBe(true);
    await world.pass(seconds);
    expect(await redeem(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await isActive(body.access_token)).toBe(false);
  });

  it('oidcc-ensure-registered-redirect-uri: nobody is sent to another address', async () => {
    const { status, headers, body } = await world.get(
      `/authorize?${request({ redirect_uri: `${world.callback}/${randomUUID()}` })}`,
      { accept: 'text/html' },
    );
    expect([status, headers.get('location')]).toEqual([400, null]);
    expect(body).toContain('This link cannot return you to the application');
  });

  it('oidcc-ensure-post-request-succeeds: the request may be a form', async () => {
    const posted = await world.post('/authorize', request(), { accept: 'text/html' });
    const next = new URL(posted.headers.get('location')!, world.issuer).href;
    const page = await world.person().follow(next);
    expect((await redeem(page.url.searchParams.get('code')!)).status).toBe(200);
  });

  it('oidcc-server-client-secret-post: the secret may stand in the form', async () => {
    const { code } = await ask();
    const form = { grant_type: 'authorization_code', code, redirect_uri: world.callback };
    const { status, body } = await world.post('/token', {
      ...form,
      client_id: client.id,
      client_secret: client.secret,
    });
    expect([status, decodeJwt(body.id_token).aud]).toEqual([200, client.id]);
  });

  it.each([
    [
      'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
      () => ({ request_uri: `${world.callback}/request.jwt` }),
      'request_uri_not_supported',
    ],
    [
      'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
      () => ({ request: unsigned(Object.fromEntries(request())) }),
      'request_not_supported',
    ],
    [
      'oidcc-ensure-request-object-with-redirect-uri',
      () => ({ request: unsigned({ redirect_uri: `${world.callback}/${randomUUID()}` }) }),
      'request_not_supported',
    ],
  ])('%s: is refused as unsupported', async (_, extra, error) => {
    const { query } = await ask(extra());
    expect([query.get('error'), query.get('state'), query.get('code')]).toEqual([error, 'xyz', null]);
  });

  it('oidcc-claims-essential: a claim that is asked for by its name is told at userinfo', async () => {
    const claims = JSON.stringify({ userinfo: { preferred_username: { essential: true } } });
    const { access_token } = await flow({ claims });
    expect(await userinfo(access_token!)).toMatchObject({
      preferred_username: world.data.accounts[0]!.username,
    });
  });

  it('oidcc-refresh-token: a refresh tells the same person, and no other client can make it', async () => {
    const { refresh_token, claims } = await flow({ scope: 'openid offline_access', prompt: 'consent' });
    const stolen = await world.refresh(world.clients.other, refresh_token!);
    expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant']);
    const { body } = await world.refresh(client, refresh_token!);
    const again = decodeJwt(body.id_token) as Record<string, unknown>;
    for (const name of ['iss', 'sub', 'aud', 'auth_time', 'acr', 'amr'])
      expect([name, again[name]]).toEqual([name, claims[name]]);
    expect(body.access_token).toEqual(expect.any(String));
  });

  it('oidcc-ensure-request-with-valid-pkce-succeeds: also of a client that need not bring it', async () => {
    const { verifier, challenge } = pkce();
    const { code } = await ask({ code_challenge: challenge, code_challenge_method: 'S256' });
    expect((await world.redeem(client, code, verifier)).status).toBe(200);
  });
});

/** A request object without a signature (OpenID Connect Core §6.1). */
const unsigned = (claims: Record<string, unknown>): string =>
  [{ alg: 'none' }, { iss: client.id, aud: world.issuer, ...claims }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat('')
    .join('.');
