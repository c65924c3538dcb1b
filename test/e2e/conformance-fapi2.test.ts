import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { ClientService, PolicyService } from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import { calculateJwkThumbprint, decodeJwt, SignJWT } from 'jose';
import { type ProofKey, proofKey } from '../support/proof-key.js';
import {
  assertionType,
  authorizationRequest,
  orders,
  ProtocolWorld,
  pkce,
  type TestClient,
} from './protocol-world.js';

/*
 * The modules of the plan `fapi2-security-profile-final-test-plan` of the OpenID Foundation's conformance suite (OpenID Connect, plain FAPI,
 * `private_key_jwt`, DPoP, unsigned requests), one test for each, by its id. They ask what the suite's public source asks; the suite itself is
 * not run. There is no mode for FAPI 2.0: the clients are registered as the profile wants them, with the ready policy `fapi2`.
 */
let world: ProtocolWorld;
let fapi: TestClient;
let second: TestClient;
/** Clients whose refresh tokens rotate, with retry windows of a minute and of the usual 30 seconds. */
let patient: TestClient;
let usual: TestClient;
let key: ProofKey;
/** Seconds by which the service is ahead of this process. */
let ahead = 0;
beforeAll(async () => {
  world = await ProtocolWorld.start({ CURFEW_VIRTUAL_CLOCK: 'true' });
  const prisma = world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '2' });
  const clients = new ClientService({
    prisma,
    clock: new ManualClock(Date.now()),
    rules: { allowPrivateAddresses: true },
  });
  const policies = new PolicyService(prisma, new ManualClock(Date.now()));
  const settings = { basedOn: 'standard', retryWindow: '1m' };
  await policies.save({ name: 'patient', previous: 0, settings, createdBy: 'test' });
  const made = async (id: string, policy: string): Promise<TestClient> => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: id, alg: 'ES256', use: 'sig' };
    await clients.create(
      {
        client_name: id,
        redirect_uris: [world.callback],
        grant_types: ['authorization_code', 'refresh_token'],
        resources: [orders],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [jwk] } as never,
        dpop_bound_access_tokens: true,
        require_pushed_authorization_requests: true,
      },
      { id },
    );
    await policies.attach({ kind: 'client', id }, policy);
    return { id, secret: '', key: pair.privateKey };
  };
  [fapi, second, key] = [await made('fapi-1', 'fapi2'), await made('fapi-2', 'fapi2'), await proofKey()];
  [patient, usual] = [await made('fapi-patient', 'patient'), await made('fapi-usual', 'standard')];
}, 60_000);
afterAll(() => world?.stop());

const now = (): number => Math.floor(Date.now() / 1000) + ahead;
const pass = async (seconds: number) => {
  await world.pass(seconds);
  ahead += seconds;
};

/** The credentials of a client in a form; `claims` replace those of its assertion, and undefined takes one away. */
const credentials = async (
  { id, key: signing }: TestClient = fapi,
  claims: Record<string, unknown> = {},
): Promise<Record<string, string>> => {
  const own = { iss: id, sub: id, aud: world.issuer, jti: randomUUID(), iat: now(), exp: now() + 60 };
  const assertion = await new SignJWT({ ...own, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: id })
    .sign(signing);
  return { client_id: id, client_assertion_type: assertionType, client_assertion: assertion };
};
const proof = (
  path: string,
  claims: Record<string, unknown> = {},
  by = key,
  accessToken?: string,
  header: Record<string, unknown> = {},
) => by.prove({ htm: 'POST', htu: `${world.issuer}${path}`, iat: now(), ...claims }, accessToken, header);

interface Pushed {
  readonly client?: TestClient;
  readonly claims?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}
const push = async (extra: Record<string, string> = {}, { client = fapi, claims, headers }: Pushed = {}) => {
  const { verifier, challenge } = pkce();
  const asked = { code_challenge: challenge, code_challenge_method: 'S256', nonce: randomUUID(), ...extra };
  const parameters = authorizationRequest(client, world.callback, asked);
  const form = { ...Object.fromEntries(parameters), ...(await credentials(client, claims)) };
  const { status, body } = await world.post('/par', form, headers);
  return { status, body, verifier, nonce: parameters.get('nonce'), uri: String(body.request_uri) };
};
const addressOf = (request_uri: string, extra: Record<string, string> = {}, client = fapi) =>
  `${world.issuer}/authorize?${new URLSearchParams({ client_id: client.id, request_uri, ...extra })}`;

/** A pushed request, and the answer to it after everything that the person was asked. */
const authorize = async (
  extra: Record<string, string> = {},
  pushed: Pushed = {},
  outside: Record<string, string> = {},
) => {
  const { status, body, verifier, uri, nonce } = await push(extra, pushed);
  if (status !== 201) throw new Error(JSON.stringify(body));
  const page = await world.person().follow(addressOf(uri, outside, pushed.client));
  const query = page.url.searchParams;
  return { verifier, uri, nonce, query, page, code: query.get('code') ?? '' };
};
interface Redeemed {
  readonly client?: TestClient;
  readonly by?: ProofKey;
  readonly form?: Record<string, string>;
  readonly claims?: Record<string, unknown>;
  readonly proofClaims?: Record<string, unknown>;
}
const redeem = async (
  code: string,
  code_verifier: string,
  { client = fapi, by = key, form = {}, claims, proofClaims }: Redeemed = {},
) =>
  world.post(
    '/token',
    {
      ...{ grant_type: 'authorization_code', code, code_verifier, redirect_uri: world.callback },
      ...(await credentials(client, claims)),
      ...form,
    },
    { dpop: await proof('/token', proofClaims, by) },
  );

/** A whole flow; its tokens, and the claims of its ID token. */
const flow = async (extra: Record<string, string> = {}, pushed: Pushed = {}) => {
  const { code, verifier, query, nonce } = await authorize(extra, pushed);
  const { status, body } = await redeem(code, verifier, pushed);
  expect([status, body.token_type]).toEqual([200, 'DPoP']);
  const claims = decodeJwt(body.id_token) as Record<string, unknown>;
  return { tokens: body as Record<string, string>, claims, query, nonce };
};
const userinfo = async (token: string, headers: Record<string, string> = {}, by = key) =>
  world.get('/userinfo', {
    authorization: `DPoP ${token}`,
    dpop: await proof('/userinfo', { htm: 'GET' }, by, token),
    ...headers,
  });
const refusal = async (answer: Promise<{ status: number; body: { error?: string } }>) => {
  const { status, body } = await answer;
  return [status, body.error];
};

describe('fapi2-security-profile-final-test-plan: a client that keeps to the profile', () => {
  it('fapi2-security-profile-final-discovery-end-point-verification', async () => {
    const { body } = await world.get('/.well-known/openid-configuration');
    expect(body).toMatchObject({
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256'],
      pushed_authorization_request_endpoint: `${world.issuer}/par`,
      token_endpoint_auth_methods_supported: expect.arrayContaining(['private_key_jwt']),
      token_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(['ES256', 'PS256', 'EdDSA']),
      dpop_signing_alg_values_supported: expect.arrayContaining(['ES256', 'EdDSA']),
      response_types_supported: ['code'],
    });
  });

  it('fapi2-security-profile-final-happy-flow', async () => {
    const { tokens, claims, query, nonce } = await flow({ resource: orders, scope: 'openid orders:read' });
    expect(Object.fromEntries(query)).toMatchObject({ iss: world.issuer, state: 'xyz' });
    expect(claims).toMatchObject({ iss: world.issuer, aud: fapi.id, nonce, auth_time: expect.any(Number) });
    expect((await world.introspect(tokens['access_token']!)).body).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: expect.any(String) },
    });
  });

  it('fapi2-security-profile-final-user-rejects-authentication', async () => {
    const { uri } = await push();
    const page = await world.person().press(addressOf(uri), 'Cancel and go back');
    expect(Object.fromEntries(page.url.searchParams)).toMatchObject({
      error: 'access_denied',
      state: 'xyz',
      iss: world.issuer,
    });
  });

  it('fapi2-security-profile-final-ensure-authorization-request-without-state-success', async () => {
    expect([...(await flow({ state: '' })).query.keys()].sort()).toEqual(['code', 'iss']);
  });

  it('fapi2-security-profile-final-ensure-authorization-request-without-nonce-success', async () => {
    expect((await flow({ nonce: '' })).claims).not.toHaveProperty('nonce');
  });

  it('fapi2-security-profile-final-ensure-authorization-request-with-64-char-nonce-success', async () => {
    const nonce = randomBytes(32).toString('hex');
    expect((await flow({ nonce })).claims['nonce']).toBe(nonce);
  });

  it('fapi2-security-profile-final-ensure-other-scope-order-succeeds', async () => {
    expect((await flow({ scope: 'email openid' })).claims['sub']).toEqual(expect.any(String));
  });

  it('fapi2-security-profile-final-test-claims-parameter-identity-claims', async () => {
    const claims = JSON.stringify({ id_token: { preferred_username: { essential: true } } });
    expect((await flow({ claims })).claims).toHaveProperty(
      'preferred_username',
      world.data.accounts[0]!.username,
    );
  });

  it('fapi2-security-profile-final-access-token-type-header-case-sensitivity', async () => {
    const { tokens, claims } = await flow();
    for (const scheme of ['DPoP', 'dpop', 'DPOP']) {
      const authorization = `${scheme} ${tokens['access_token']}`;
      const { status, body } = await userinfo(tokens['access_token']!, { authorization });
      expect([scheme, status, body.sub]).toEqual([scheme, 200, claims['sub']]);
    }
  });

  it('fapi2-security-profile-final-par-without-duplicate-parameters', async () => {
    const { uri, verifier } = await push();
    const { url } = await world.person().follow(addressOf(uri));
    expect((await redeem(url.searchParams.get('code')!, verifier)).status).toBe(200);
  });

  const offline = { scope: 'openid offline_access', prompt: 'consent' };
  /** A refresh with the proof of a new key, as the suite makes one each time, or with none. */
  const refresh = async (token: string, client = fapi, by: ProofKey | null = null) =>
    world.post(
      '/token',
      { grant_type: 'refresh_token', refresh_token: token, ...(await credentials(client)) },
      by ? { dpop: await proof('/token', {}, by) } : {},
    );

  it('fapi2-security-profile-final-refresh-token', async () => {
    const { tokens, claims } = await flow(offline);
    const token = tokens['refresh_token']!;
    expect(await refusal(refresh(token, second, await proofKey()))).toEqual([400, 'invalid_grant']);
    await pass(1);
    const by = await proofKey();
    const { status, body, headers } = await refresh(token, fapi, by);
    expect([status, body.token_type, headers.get('cache-control')]).toEqual([200, 'DPoP', 'no-store']);
    const renewed = decodeJwt(body.id_token);
    expect(renewed).toMatchObject({ iss: claims['iss'], sub: claims['sub'], aud: claims['aud'] });
    expect(renewed.iat).toBeGreaterThan(claims['iat'] as number);
    expect((await userinfo(body.access_token, {}, by)).status).toBe(200);
    expect((await userinfo(body.access_token)).status).toBe(401);
    // Nothing rotates under `fapi2` (FAPI 2.0 §5.3.2.1), where the suite leaves its step with the previous token out.
    expect(body.refresh_token).toBe(token);
    await pass(31);
    expect((await refresh(token, fapi, await proofKey())).status).toBe(200);
    expect(await refusal(refresh(token))).toEqual([400, 'invalid_grant']);
    const other = (await flow(offline, { client: second })).tokens;
    expect((await userinfo(other['access_token']!, {}, await proofKey())).status).toBe(401);
    expect(await refusal(refresh(other['refresh_token']!, fapi, await proofKey()))).toEqual([
      400,
      'invalid_grant',
    ]);
    expect((await refresh(other['refresh_token']!, second, await proofKey())).status).toBe(200);
  });

  it.each([
    ['a minute', () => patient, [200, undefined]],
    ['30 seconds', () => usual, [400, 'invalid_grant']],
  ])(
    'fapi2-security-profile-final-refresh-token: the previous token 31 s after a rotation, with a retry window of %s',
    async (_, whose, answer) => {
      const token = (await flow(offline, { client: whose() })).tokens['refresh_token']!;
      const rotated = (await refresh(token, whose(), await proofKey())).body.refresh_token;
      expect([typeof rotated, rotated === token]).toEqual(['string', false]);
      await pass(31);
      expect(await refusal(refresh(token, whose(), await proofKey()))).toEqual(answer);
    },
  );
});

describe('fapi2-security-profile-final-test-plan: proofs of possession', () => {
  const redeemed = async (proofClaims: Record<string, unknown>) => {
    const { code, verifier } = await authorize();
    return redeem(code, verifier, { proofClaims });
  };

  it('fapi2-security-profile-final-check-dpop-proof-nbf-exp', async () => {
    expect((await redeemed({ nbf: now() - 5, exp: now() + 60 })).status).toBe(200);
  });

  it.each([
    ['before', -10],
    ['after', 10],
  ])('fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-%s-succeeds', async (_, seconds) => {
    expect((await redeemed({ iat: now() + seconds })).status).toBe(200);
  });

  it('fapi2-security-profile-final-ensure-mismatched-dpop-jkt-fails', async () => {
    const headers = { dpop: await proof('/par') };
    const dpop_jkt = randomBytes(32).toString('base64url');
    expect((await push({ dpop_jkt }, { headers })).status).toBe(400);
  });

  it('fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt', async () => {
    const { code, verifier } = await authorize({}, { headers: { dpop: await proof('/par') } });
    const by = await proofKey();
    const [status, error] = await refusal(redeem(code, verifier, { by }));
    expect([status, ['invalid_grant', 'invalid_dpop_proof'].includes(String(error))]).toEqual([400, true]);
    expect((await redeem(code, verifier)).status).toBe(200);
  });

  it('fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-jkt', async () => {
    const { code, verifier } = await authorize({ dpop_jkt: await calculateJwkThumbprint(key.jwk) });
    const [status, error] = await refusal(redeem(code, verifier, { by: await proofKey() }));
    expect([status, ['invalid_grant', 'invalid_dpop_proof'].includes(String(error))]).toEqual([400, true]);
    expect((await redeem(code, verifier)).status).toBe(200);
  });

  it('fapi2-security-profile-final-ensure-dpopproof-at-par-endpoint-binding-success', async () => {
    await flow({}, { headers: { dpop: await proof('/par') } });
  });

  it('fapi2-security-profile-final-ensure-dpop-auth-code-binding-success', async () => {
    await flow({ dpop_jkt: await calculateJwkThumbprint(key.jwk) });
  });

  it('fapi2-security-profile-final-ensure-holder-of-key-required', async () => {
    const { code, verifier } = await authorize();
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier };
    const without = { ...form, redirect_uri: world.callback, ...(await credentials()) };
    const { status, body } = await world.post('/token', without);
    expect([status, body.access_token, body.error]).toEqual([400, undefined, 'invalid_grant']);
    expect((await redeem(code, verifier)).status).toBe(200);
  });

  /** Userinfo, asked with the header fields as they are written here; `fetch` would join them and write their names small. */
  const shown = async (headers: OutgoingHttpHeaders, path = '/userinfo') => {
    const asked = request(new URL(path, world.issuer), { headers }).end();
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.on('response', resolve).on('error', reject);
    });
    const { sub } = JSON.parse((await text(response)) || '{}') as { sub?: string };
    return { answer: [response.statusCode, sub], nonce: response.headers['dpop-nonce'] };
  };
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');

  it('fapi2-security-profile-final-dpop-negative-tests', async () => {
    const { tokens } = await flow();
    const token = tokens['access_token']!;
    const own = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, by = key) =>
      proof('/userinfo', { htm: 'GET', ...claims }, by, token, header);
    const parts = (await own()).split('.');
    const authorization = `DPoP ${token}`;
    const open = { typ: 'dpop+jwt', jwk: key.jwk };
    const wrong: [string, OutgoingHttpHeaders, number?][] = [
      // A request that lacks a part, or shows its token in two ways, is malformed (RFC 6750 §3.1).
      ['no proof', { authorization }, 400],
      ['an empty proof', { authorization, dpop: '' }],
      ['a bearer token', { authorization: `Bearer ${token}` }],
      ['a bearer token with a proof', { authorization: `Bearer ${token}`, dpop: await own() }, 400],
    ];
    const proofs: Record<string, string | string[]> = {
      'two proofs': [await own(), await own()],
      'no JWT': `${parts[0]}.${parts[1]}`,
      'a damaged signature': (await own()).replace(/.{6}$/, 'AAAAAA'),
      'no alg': `${part({ ...open, alg2: 'ES256' })}.${parts[1]}.${parts[2]}`,
      'no algorithm': `${part({ ...open, alg: 'none' })}.${parts[1]}.`,
      'no typ': await own({}, { typ: undefined }),
      'another typ': await own({}, { typ: 'dpop+jwt+x' }),
      'no jwk': await own({}, { jwk: undefined }),
      'a private key': await own({}, { jwk: key.privateJwk }),
      'another key': await own({}, {}, await proofKey()),
      'another method': await own({ htm: 'POST' }),
      'a method of nothing here': await own({ htm: 'PUT' }),
      'another address': await own({ htu: `${world.issuer}/token` }),
      'a longer address': await own({ htu: `${world.issuer}/userinfox` }),
      'the hash of another token': await proof('/userinfo', { htm: 'GET' }, key, `${token}x`),
      'an hour ago': await own({ iat: now() - 3_600 }),
      'an hour ahead': await own({ iat: now() + 3_600 }),
    };
    for (const claim of ['jti', 'htm', 'htu', 'iat', 'ath'])
      proofs[`no ${claim}`] = await own({ [claim]: undefined });
    for (const [what, dpop] of Object.entries(proofs)) wrong.push([what, { authorization, dpop }]);
    for (const [what, headers, status = 401] of wrong)
      expect([what, (await shown(headers)).answer]).toEqual([what, [status, undefined]]);
    expect((await shown({ authorization, dpop: await own() })).answer[0]).toBe(200);
    const { code, verifier } = await authorize();
    for (const claims of [{ htm: 'GET' }, { htu: `${world.issuer}/par` }, { jti: undefined }])
      expect(await refusal(redeem(code, verifier, { proofClaims: claims }))).toEqual([
        400,
        'invalid_dpop_proof',
      ]);
    expect((await redeem(code, verifier)).status).toBe(200);
  });

  it('fapi2-security-profile-final-dpop-negative-tests: those that succeed', async () => {
    const { tokens, claims } = await flow();
    const token = tokens['access_token']!;
    const own = (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
      proof('/userinfo', { htm: 'GET', ...changes }, key, token, header);
    const address = new URL('/userinfo', world.issuer);
    const right: Record<string, [OutgoingHttpHeaders, string?]> = {
      'a name in capitals': [{ DPOP: await own() }],
      'an address with query and fragment': [{ dpop: await own({ htu: `${address}?one=1#two` }) }],
      'an address without the query of the request': [{ dpop: await own() }, '/userinfo?one=1'],
      'an address in capitals': [
        { dpop: await own({ htu: `HTTP://${address.host.toUpperCase()}${address.pathname}` }) },
      ],
      'more than is known': [{ dpop: await own({ tx_id_key: 1 }, { tx_id: 1 }) }],
    };
    const authorization = `DPoP ${token}`;
    for (const [what, [headers, path]] of Object.entries(right)) {
      const { answer } = await shown({ authorization, ...headers }, path);
      expect([what, answer]).toEqual([what, [200, claims['sub']]]);
    }
    // The suite goes on with the nonce that it is offered, and then the time is none of the server's concern (RFC 9449 §8).
    for (const iat of [now() - 3_600, now() + 3_600]) {
      const { answer, nonce } = await shown({ authorization, dpop: await own({ iat }) });
      expect([answer[0], typeof nonce]).toEqual([401, 'string']);
      const timely = await shown({ authorization, dpop: await own({ iat, nonce }) });
      expect(timely.answer).toEqual([200, claims['sub']]);
    }
    const again = { authorization, dpop: await own() };
    expect((await shown(again)).answer).toEqual([200, claims['sub']]);
    expect((await shown(again)).answer).toEqual([401, undefined]);
  });
});

describe('fapi2-security-profile-final-test-plan: requests', () => {
  it.each(['nonce', 'state'])(
    'fapi2-security-profile-final-ensure-different-%s-inside-and-outside-request-object',
    async (name) => {
      const { code, verifier, query, nonce } = await authorize({}, {}, { [name]: 'outside' });
      const { body } = await redeem(code, verifier);
      expect([query.get('state'), decodeJwt(body.id_token)['nonce']]).toEqual(['xyz', nonce]);
    },
  );

  it('fapi2-security-profile-final-state-only-outside-request-object-not-used', async () => {
    const { query, code } = await authorize({ state: '' }, {}, { state: 'outside' });
    expect([query.get('state'), code.length > 0]).toEqual([null, true]);
  });

  it.each(['nonce', 'state'])(
    'fapi2-security-profile-final-ensure-authorization-request-with-long-%s',
    async (name) => {
      const long = randomBytes(192).toString('hex');
      const { query, claims } = await flow({ [name]: long });
      expect(name === 'state' ? query.get('state') : claims['nonce']).toBe(long);
    },
  );

  it.each([
    'ensure-request-object-without-redirect-uri-fails',
    'ensure-redirect-uri-in-authorization-request',
  ])('fapi2-security-profile-final-%s', async () => {
    expect(await refusal(push({ redirect_uri: '' }))).toEqual([400, 'invalid_request']);
  });

  it('fapi2-security-profile-final-plain-fapi-tolerate-unregistered-redirect-uri', async () => {
    const redirect_uri = `${world.callback}/${randomUUID()}`;
    const [status, error] = await refusal(push({ redirect_uri }));
    expect([status, ['invalid_request', 'invalid_redirect_uri'].includes(String(error))]).toEqual([
      400,
      true,
    ]);
  });

  it('fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails', async () => {
    const asked = { code_challenge: pkce().challenge, code_challenge_method: 'S256' };
    const parameters = authorizationRequest(fapi, world.callback, asked);
    const { url } = await world.person().follow(`${world.issuer}/authorize?${parameters}`);
    expect([url.searchParams.get('error'), url.searchParams.get('code')]).toEqual(['invalid_request', null]);
  });

  it.each([
    ['code-idtoken', 'code id_token'],
    ['token', 'token'],
  ])('fapi2-security-profile-final-ensure-response-type-%s-fails', async (_, response_type) => {
    expect(await refusal(push({ response_type }))).toEqual([400, 'unsupported_response_type']);
  });

  it('fapi2-security-profile-final-par-authorization-request-containing-request_uri-form-param', async () => {
    const { uri } = await push();
    const { status, body } = await push({ request_uri: uri });
    expect([status, /^(invalid_request|request_uri_not_supported)$/.test(body.error)]).toEqual([400, true]);
  });

  it('fapi2-security-profile-final-par-attempt-invalid-http-method', async () => {
    const { status, body } = await world.get('/par');
    expect([status, body.request_uri]).toEqual([405, undefined]);
  });

  it('fapi2-security-profile-final-par-ensure-pkce-required', async () => {
    const without = { code_challenge: '', code_challenge_method: '' };
    expect(await refusal(push(without))).toEqual([400, 'invalid_request']);
  });

  it('fapi2-security-profile-final-par-plain-pkce-rejected', async () => {
    const plain = { code_challenge: randomBytes(32).toString('hex'), code_challenge_method: 'plain' };
    expect(await refusal(push(plain))).toEqual([400, 'invalid_request']);
  });

  it('fapi2-security-profile-final-ensure-pkce-code-verifier-required', async () => {
    const { code } = await authorize();
    const [status, error] = await refusal(redeem(code, ''));
    expect([status, /^invalid_(grant|request)$/.test(String(error))]).toEqual([400, true]);
  });

  it('fapi2-security-profile-final-incorrect-pkce-code-verifier-rejected', async () => {
    const { code } = await authorize();
    expect(await refusal(redeem(code, pkce().verifier))).toEqual([400, 'invalid_grant']);
  });

  it('fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds', async () => {
    const { uri, verifier } = await push();
    const person = world.person();
    const isAsked = ({ body }: { body: string }) => body.includes('name="password"');
    expect(isAsked(await person.follow(addressOf(uri), isAsked))).toBe(true);
    const { url } = await person.follow(addressOf(uri));
    expect((await redeem(url.searchParams.get('code')!, verifier)).status).toBe(200);
  });

  it('fapi2-security-profile-final-par-attempt-reuse-request_uri', async () => {
    const { uri } = await authorize();
    const again = await world.person().follow(addressOf(uri));
    expect(again.url.searchParams.get('code')).toBeNull();
    expect(again.status).toBe(400);
  });

  it('fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client', async () => {
    const { uri } = await push();
    const page = await world.person().follow(addressOf(uri, {}, second));
    expect([page.status, page.url.searchParams.get('code')]).toEqual([400, null]);
  });
});

describe('fapi2-security-profile-final-test-plan: clients at the token endpoint and at /par', () => {
  it('fapi2-security-profile-final-ensure-client-id-in-token-endpoint', async () => {
    const { code, verifier } = await authorize();
    const answer = await redeem(code, verifier, { form: { client_id: second.id } });
    expect([[400, 401].includes(answer.status), answer.body.access_token]).toEqual([true, undefined]);
    expect(answer.body.error).toMatch(/^invalid_(client|request|grant)$/);
  });

  it('fapi2-security-profile-final-ensure-authorization-code-is-bound-to-client', async () => {
    const { code, verifier } = await authorize();
    expect(await refusal(redeem(code, verifier, { client: second }))).toEqual([400, 'invalid_grant']);
  });

  it('fapi2-security-profile-final-attempt-reuse-authorization-code-after-one-second', async () => {
    const { code, verifier } = await authorize();
    const { body } = await redeem(code, verifier);
    await pass(1);
    expect(await refusal(redeem(code, verifier))).toEqual([400, 'invalid_grant']);
    expect((await userinfo(body.access_token)).status).toBe(401);
  });

  it('fapi2-security-profile-final-ensure-client-assertion-in-token-endpoint', async () => {
    const { code, verifier } = await authorize();
    const form = { client_assertion: '', client_assertion_type: '' };
    expect(await refusal(redeem(code, verifier, { form }))).toEqual([401, 'invalid_client']);
  });

  it.each([
    ['exp-is-5-minutes-in-past', () => ({ iat: now() - 360, exp: now() - 300 })],
    ['wrong-aud', () => ({ aud: 'https://elsewhere.example.test' })],
    ['no-sub', () => ({ sub: undefined })],
  ])('fapi2-security-profile-final-ensure-client-assertion-with-%s-fails', async (_, claims) => {
    const { code, verifier } = await authorize();
    expect(await refusal(redeem(code, verifier, { claims: claims() }))).toEqual([401, 'invalid_client']);
    expect((await redeem(code, verifier)).status).toBe(200);
  });

  it('fapi2-security-profile-final-ensure-signed-client-assertion-with-RS256-fails', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'rsa-1', alg: 'PS256', use: 'sig' };
    const prisma = world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' });
    await new ClientService({
      prisma,
      clock: new ManualClock(Date.now()),
      rules: { allowPrivateAddresses: true },
    }).create(
      {
        client_name: 'fapi-rsa',
        redirect_uris: [world.callback],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [jwk] } as never,
        dpop_bound_access_tokens: true,
      },
      { id: 'fapi-rsa' },
    );
    const pushed = async (alg: string) => {
      const own = { iss: 'fapi-rsa', sub: 'fapi-rsa', aud: world.issuer, jti: randomUUID() };
      const assertion = await new SignJWT({ ...own, iat: now(), exp: now() + 60 })
        .setProtectedHeader({ alg, kid: 'rsa-1' })
        .sign(privateKey);
      const asked = { code_challenge: pkce().challenge, code_challenge_method: 'S256' };
      const client = { id: 'fapi-rsa', secret: '', key: privateKey };
      return world.post('/par', {
        ...Object.fromEntries(authorizationRequest(client, world.callback, asked)),
        client_assertion_type: assertionType,
        client_assertion: assertion,
      });
    };
    expect([(await pushed('PS256')).status, await refusal(pushed('RS256'))]).toEqual([
      201,
      [401, 'invalid_client'],
    ]);
  });

  it.each([
    ['array-as', () => [world.issuer]],
    ['par-endpoint-url-as', () => `${world.issuer}/par`],
    ['token-endpoint-url-as', () => `${world.issuer}/token`],
  ])('fapi2-security-profile-final-par-test-%s-audience-fails', async (_, aud) => {
    expect(await refusal(push({}, { claims: { aud: aud() } }))).toEqual([401, 'invalid_client']);
  });

  it('fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted', async () => {
    const soon = now() + 8;
    expect((await push({}, { claims: { iat: soon, nbf: soon, exp: soon + 60 } })).status).toBe(201);
  });

  it('fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails', async () => {
    const late = now() + 70;
    const claims = { iat: late, nbf: late, exp: late + 60 };
    expect(await refusal(push({}, { claims }))).toEqual([401, 'invalid_client']);
  });

  // These move the clock of the service, which is the last thing that happens here.
  it('fapi2-security-profile-final-ensure-token-endpoint-fails-with-expired-auth-code', async () => {
    const { code, verifier } = await authorize();
    await pass(61);
    expect(await refusal(redeem(code, verifier))).toEqual([400, 'invalid_grant']);
  });

  it('fapi2-security-profile-final-par-attempt-to-use-expired-request_uri', async () => {
    const { uri } = await push();
    await pass(61);
    const page = await world.person().follow(addressOf(uri));
    expect([page.status, page.url.searchParams.get('code')]).toEqual([400, null]);
  });
});
