import http from 'node:http';
import { decodeJwt, SignJWT } from 'jose';
import { printedLine } from '../support/printed.js';
import {
  type Answer,
  asHeader,
  assertionType,
  authorizationRequest,
  ledger,
  orders,
  ProtocolWorld,
  pkce,
  reports,
  type TestClient,
} from './protocol-world.js';

/** Credentials that real clients send in spellings of their own, and requests that leave out what a standard lets them. */
let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

const basic = (text: string): string => Buffer.from(text).toString('base64');
const now = (): number => Math.floor(Date.now() / 1000);

describe('a text with the header of a JWT that is no token of ours (RFC 7662 §2.2, RFC 7009 §2.2)', () => {
  const foreign = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', ...header } as never)
      .sign(world.clients.robot.key);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signIn = async () =>
    (await world.signIn(world.clients.web, { scope: 'openid orders:read', resource: ledger })).body;

  const texts: Record<string, () => Promise<string>> = {
    'an ID token': async () => (await signIn()).id_token,
    'an access token with a changed claim': async () => {
      const [header, , signature] = (await signIn()).access_token.split('.');
      return [header, part({ iss: world.issuer, sub: 'someone', exp: now() + 60 }), signature].join('.');
    },
    'an access token under a key that is not in the set': async () =>
      foreign(decodeJwt((await signIn()).access_token), { typ: 'at+jwt', kid: 'withdrawn' }),
    'a token of another issuer': () => foreign({ iss: 'https://elsewhere.example' }, { typ: 'at+jwt' }),
    'one that is not signed': async () => `${part({ alg: 'none' })}.${part({ iss: world.issuer })}.`,
    'an encrypted one': async () => `${part({ alg: 'dir', enc: 'A128GCM' })}..aaaa.bbbb.cccc`,
    'a header and nothing else': async () => `${part({ alg: 'ES256' })}..`,
  };

  it.each(Object.entries(texts))('%s is not active, and revoking it succeeds', async (_, text) => {
    const token = await text();
    for (const hint of [{}, { token_type_hint: 'access_token' }, { token_type_hint: 'refresh_token' }]) {
      const asked = await world.introspect(token, world.clients.api, hint as Record<string, string>);
      expect([asked.status, asked.body]).toEqual([200, { active: false }]);
      const revoked = await world.revoke(world.clients.web, token, hint as Record<string, string>);
      expect([revoked.status, revoked.body]).toEqual([200, '']);
    }
  });

  it('tells nothing to a client that has not authenticated', async () => {
    const token = await foreign({});
    const stranger = { ...world.clients.api, secret: 'wrong' };
    expect((await world.introspect(token, stranger)).status).toBe(401);
  });
});

describe('the answer to a revocation', () => {
  it.each(['a token', 'no token of ours'])('of %s has neither content nor content type', async (which) => {
    const { body } = await world.signIn(world.clients.web);
    const answer = await world.revoke(
      world.clients.web,
      which === 'a token' ? body.refresh_token : 'cfw_rt_unknown',
    );
    expect([answer.status, answer.body, answer.headers.get('content-type')]).toEqual([200, '', null]);
  });
});

describe('Basic credentials', () => {
  const ask = (authorization: string, form: Record<string, string>, path = '/token') =>
    world.post(path, form, { authorization });
  const machine = { grant_type: 'client_credentials' };

  it.each(['Basic ', 'Basic  ', 'BASIC    ', 'basic '])('may follow %j (RFC 9110 §11.4)', async (scheme) => {
    const { id, secret } = world.clients.defaulted;
    expect((await ask(`${scheme}${basic(`${id}:${secret}`)}`, machine)).status).toBe(200);
  });

  it('may follow two spaces where a bearer token does', async () => {
    const { body } = await world.signIn(world.clients.web);
    expect((await world.get('/userinfo', { authorization: `Bearer  ${body.access_token}` })).status).toBe(
      200,
    );
  });

  it.each(['with its id in the form too', 'in the header only'])(
    'of a public client may have an empty secret, %s (RFC 6749 §2.3.1)',
    async (where) => {
      const { spa } = world.clients;
      const named: Record<string, string> = where === 'in the header only' ? {} : { client_id: spa.id };
      const { body } = await world.signIn(spa);
      const form = { grant_type: 'refresh_token', refresh_token: body.refresh_token, ...named };
      const refreshed = await ask(`Basic ${basic(`${spa.id}:`)}`, form);
      expect(refreshed.status).toBe(200);
      const token = { token: refreshed.body.refresh_token, ...named };
      expect((await ask(`Basic ${basic(`${spa.id}:`)}`, token, '/revocation')).status).toBe(200);
      expect((await world.refresh(spa, refreshed.body.refresh_token)).body.error).toBe('invalid_grant');
    },
  );

  it.each([
    ['of a confidential client', () => ({ authorization: `Basic ${basic(`${world.clients.web.id}:`)}` })],
    ['of nobody', () => ({ authorization: `Basic ${basic('nobody:')}` })],
    ['without an id', () => ({ authorization: `Basic ${basic(':')}` })],
  ])('with an empty secret %s are no authentication', async (_, headers) => {
    const answer = await world.post('/token', machine, headers());
    expect([400, 401]).toContain(answer.status);
    expect(['invalid_client', 'invalid_request']).toContain(answer.body.error);
  });

  it('of a public client do not speak for another id in the form', async () => {
    const form = { ...machine, client_id: world.clients.web.id };
    const answer = await ask(`Basic ${basic(`${world.clients.spa.id}:`)}`, form);
    expect([400, 401]).toContain(answer.status);
  });

  it('are compared before anybody is asked to wait', async () => {
    const { id, secret } = world.clients.other;
    const forms = { token: 'cfw_at_nothing' };
    const answers: Answer[] = [];
    for (let count = 0; count < 35; count++)
      answers.push(await ask(`Basic ${basic(`${id}:wrong-${count}`)}`, forms, '/introspection'));
    expect(answers.at(-1)!.status).toBe(429);
    expect(Number(answers.at(-1)!.headers.get('retry-after'))).toBeGreaterThan(0);
    const right = await ask(`Basic ${basic(`${id}:${secret}`)}`, forms, '/introspection');
    expect([right.status, right.body]).toEqual([200, { active: false }]);
    // Through the library as well, where the request is not plain.
    const slow = await world.post('/introspection', forms, {
      ...asHeader(world.clients.other),
      accept: 'application/json, text/plain',
    });
    expect(slow.status).toBe(200);
  });
});

describe('a client assertion (RFC 7523 §3)', () => {
  type Claims = () => Record<string, unknown>;
  const ask = async (client: TestClient, claims: Record<string, unknown>, path = '/token') =>
    world.post(path, {
      grant_type: 'client_credentials',
      client_assertion_type: assertionType,
      client_assertion: await world.assertion(claims, 'ES256', client),
      ...(path === '/par'
        ? Object.fromEntries(authorizationRequest(client, world.callback, challenged()))
        : {}),
    });
  const challenged = () => ({ code_challenge: pkce().challenge, code_challenge_method: 'S256' });
  const token = () => `${world.issuer}/token`;
  const par = () => `${world.issuer}/par`;
  const good = [200, 201];

  const cases: [string, Claims, lenient: boolean, strict: boolean, bound: boolean][] = [
    ['the issuer', () => ({ aud: world.issuer }), true, true, true],
    ['a list of the issuer', () => ({ aud: [world.issuer] }), true, true, false],
    ['the token endpoint', () => ({ aud: token() }), true, false, false],
    ['the issuer and the token endpoint', () => ({ aud: [world.issuer, token()] }), true, false, false],
    ['somebody else too', () => ({ aud: [world.issuer, 'https://elsewhere.example'] }), false, false, false],
    ['somebody else', () => ({ aud: 'https://elsewhere.example' }), false, false, false],
    ['an empty list', () => ({ aud: [] }), false, false, false],
    ['the issuer with a slash', () => ({ aud: `${world.issuer}/` }), false, false, false],
    ['a clock 30 s ahead', () => ({ iat: now() + 30, exp: now() + 90 }), true, true, true],
    ['a clock 70 s ahead', () => ({ iat: now() + 70, exp: now() + 130 }), false, false, false],
    ['a life of nine minutes', () => ({ exp: now() + 540 }), true, true, true],
    ['a life of eleven minutes', () => ({ exp: now() + 660 }), false, false, false],
    ['no `iat`', () => ({ iat: undefined }), true, true, true],
  ];

  it.each(cases)('that names %s is taken as registered', async (_, claims, lenient, strict, bound) => {
    const { lenientRobot, robot, boundRobot } = world.clients;
    expect(good.includes((await ask(lenientRobot, claims())).status)).toBe(lenient);
    expect(good.includes((await ask(robot, claims())).status)).toBe(strict);
    // A bound client goes on to be asked for its proof; a refused assertion is `invalid_client`.
    expect((await ask(boundRobot, claims())).body.error !== 'invalid_client').toBe(bound);
  });

  it('may name the pushed authorization request endpoint there (RFC 9126 §2)', async () => {
    const { lenientRobot } = world.clients;
    for (const aud of [world.issuer, token(), par()])
      expect((await ask(lenientRobot, { aud }, '/par')).status).toBe(201);
  });
});

describe('a request without PKCE', () => {
  const authorize = (client: TestClient, extra: Record<string, string>) =>
    world
      .person()
      .follow(
        `${world.issuer}/authorize?${authorizationRequest(client, world.callback, { prompt: 'none', ...extra })}`,
      );
  const errorOf = async (client: TestClient, extra: Record<string, string>) =>
    (await authorize(client, extra)).url.searchParams.get('error');

  it('is refused, unless the client was registered for it and sends a nonce', async () => {
    expect(await errorOf(world.clients.web, { nonce: 'n' })).toBe('invalid_request');
    expect(await errorOf(world.clients.spa, { nonce: 'n' })).toBe('invalid_request');
    expect(await errorOf(world.clients.nonce, {})).toBe('invalid_request');
    expect(await errorOf(world.clients.nonce, { nonce: 'n' })).toBe('login_required');
  });

  it('leads to tokens with that nonce, and its code takes no verifier (RFC 9700 §2.1.1, §4.8.2)', async () => {
    const { nonce } = world.clients;
    const request = () => authorizationRequest(nonce, world.callback, { nonce: 'n-1' });
    const person = world.person();
    const codeOf = async () => {
      const { url } = await person.follow(`${world.issuer}/authorize?${request()}`);
      return url.searchParams.get('code')!;
    };
    const form = { grant_type: 'authorization_code', redirect_uri: world.callback };
    const injected = { ...form, code: await codeOf(), code_verifier: pkce().verifier };
    expect((await world.post('/token', injected, asHeader(nonce))).body.error).toBe('invalid_grant');
    const { body } = await world.post('/token', { ...form, code: await codeOf() }, asHeader(nonce));
    expect(decodeJwt(body.id_token)).toMatchObject({ nonce: 'n-1', aud: nonce.id });
  });

  it('may still send a challenge, and then must send the verifier', async () => {
    const { nonce } = world.clients;
    const { code } = await world.authorize(nonce, { nonce: 'n' });
    expect((await world.redeem(nonce, code, pkce().verifier)).body.error).toBe('invalid_grant');
    const again = await world.authorize(nonce, { nonce: 'n' });
    expect((await world.redeem(nonce, again.code, again.verifier)).status).toBe(200);
  });
});

describe('a request without a scope (RFC 6749 §3.3)', () => {
  const without = { scope: '' };

  it('gets the default scope of the API it is for, and consent shows it', async () => {
    const { agent } = world.clients;
    const seen: string[] = [];
    const { verifier, challenge } = pkce();
    const request = authorizationRequest(agent, world.callback, {
      ...without,
      resource: reports,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const page = await world.person().follow(`${world.issuer}/authorize?${request}`, ({ body }) => {
      seen.push(body);
      return false;
    });
    expect(seen.join()).toContain('reports:read');
    const { body } = await world.redeem(agent, page.url.searchParams.get('code')!, verifier);
    expect(body).toMatchObject({ scope: 'reports:read', token_type: 'Bearer' });
    expect(body).not.toHaveProperty('id_token');
  });

  it('gets the default scope of its client first', async () => {
    const { code, verifier } = await world.authorize(world.clients.defaulted, without);
    const { body } = await world.redeem(world.clients.defaulted, code, verifier);
    expect(body.scope.split(' ').sort()).toEqual(['email', 'openid']);
  });

  it('gets it when it is pushed, at a device, and for the client itself', async () => {
    const { defaulted } = world.clients;
    const { challenge } = pkce();
    const pushed = await world.post(
      '/par',
      authorizationRequest(defaulted, world.callback, {
        ...without,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      }),
      asHeader(defaulted),
    );
    expect(pushed.status).toBe(201);
    const device = await world.post('/device/authorization', {}, asHeader(defaulted));
    expect([device.status, device.body.error]).toEqual([200, undefined]);
    const form = { grant_type: 'client_credentials' };
    const plain = await world.post('/token', form, asHeader(defaulted));
    const slow = await world.post('/token', form, {
      ...asHeader(defaulted),
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8;x=1',
    });
    for (const { status, body } of [plain, slow]) expect([status, body.scope]).toEqual([200, 'orders:read']);
  });

  it('is refused where nothing says what it would be', async () => {
    const { query } = await world.authorize(world.clients.web, { ...without, resource: orders });
    expect(query.get('error')).toBe('invalid_scope');
  });
});

describe("a client's own token", () => {
  const ask = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    world.post(
      '/token',
      { grant_type: 'client_credentials', ...form },
      { ...asHeader(world.clients.defaulted), ...headers },
    );

  it.each([
    ['foo', 400, undefined],
    ['foo bar', 400, undefined],
    ['orders:read foo', 200, 'orders:read'],
    ['orders:write', 200, 'orders:write'],
  ])(
    'that is asked for with scope %j says what was granted, or is refused',
    async (scope, status, granted) => {
      // With an Origin the library answers, without one the short way does.
      for (const headers of [{}, { origin: world.callback.replace(/\/callback$/, '') }]) {
        const answer = await ask({ scope }, headers as Record<string, string>);
        expect([answer.status, answer.body.scope, answer.body.error]).toEqual([
          status,
          granted,
          status === 400 ? 'invalid_scope' : undefined,
        ]);
      }
    },
  );
});

describe('an app on a phone (RFC 8252 §7.1)', () => {
  it.each(['com.example.app:/oauth2redirect', 'com.example.app://signed/in'])(
    'is called back at %s',
    async (redirect) => {
      const { native } = world.clients;
      const { verifier, challenge } = pkce();
      const request = authorizationRequest(native, redirect, {
        code_challenge: challenge,
        code_challenge_method: 'S256',
      });
      const { url } = await world.person().follow(`${world.issuer}/authorize?${request}`);
      expect(url.href).toMatch(new RegExp(`^${redirect}\\?`));
      const { body } = await world.redeem(native, url.searchParams.get('code')!, verifier, {
        redirect_uri: redirect,
      });
      expect(body).toHaveProperty('access_token');
    },
  );

  it('is called back nowhere else, and its scheme opens the token endpoint to no page', async () => {
    const { native } = world.clients;
    for (const redirect of [
      'com.example.app:/other',
      'com.example.app:/oauth2redirect/',
      'com.example.other:/oauth2redirect',
    ]) {
      const request = authorizationRequest(native, redirect);
      const page = await world.person().open(`${world.issuer}/authorize?${request}`);
      expect([page.status, page.url.origin]).toEqual([400, new URL(world.issuer).origin]);
    }
    const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id: native.id };
    const answer = await world.post('/token', form, { origin: 'null' });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the key set and the metadata', () => {
  it.each(['/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
    'may be kept for a while: %s',
    async (path) => {
      const { headers } = await world.get(path);
      expect(headers.get('cache-control')).toBe('public, max-age=300');
    },
  );
});

describe('the host of a request', () => {
  const status = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = new URL(world.issuer);
      http
        .get({ host: '127.0.0.1', port, path: '/jwks', headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
        .once('error', reject);
    });

  it('may be spelt in every way that means the same (RFC 9110 §4.2.3)', async () => {
    const { hostname, port } = new URL(world.issuer);
    expect(await status(`${hostname.toUpperCase()}:${port}`)).toBe(200);
    expect(await status(`${hostname}.:${port}`)).toBe(200);
    expect(await status(`${hostname}..:${port}`)).toBe(421);
    expect(await status(hostname)).toBe(421);
  });
});

describe('a forwarded address that nobody believes', () => {
  it('is said once in the log', async () => {
    for (let count = 0; count < 3; count++) await world.get('/jwks', { 'x-forwarded-for': '203.0.113.77' });
    await printedLine(world.server, 'CURFEW_TRUSTED_HOPS');
    const said = world.server
      .output()
      .split('\n')
      .filter((line) => line.includes('CURFEW_TRUSTED_HOPS'));
    expect(said).toHaveLength(1);
    expect(said[0]).not.toContain('203.0.113.77');
  });
});
