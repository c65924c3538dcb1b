import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import {
  assertionType,
  authorizationRequest,
  ledger,
  orders,
  ProtocolWorld,
  pkce,
} from './protocol-world.js';

let world: ProtocolWorld;
let fetched: string[];
let attacker: Awaited<ReturnType<typeof anAttacker>>;
let published: readonly JWK[];
beforeAll(async () => {
  world = await ProtocolWorld.start();
  attacker = await anAttacker();
  published = (await world.get('/jwks')).body.keys;
}, 60_000);
afterAll(async () => {
  await attacker?.stop();
  await world?.stop();
});

/** Somebody with a key and a server that gives it out, and who notes who asks for it. */
async function anAttacker() {
  fetched = [];
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'attacker', alg: 'ES256', use: 'sig' };
  const server = createServer((request, response) => {
    fetched.push(request.url ?? '');
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  const stop = () => new Promise((resolve) => server.close(resolve));
  return { privateKey, jwk, address, stop };
}

type Claims = Record<string, unknown>;
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = () => Math.floor((performance.timeOrigin + performance.now()) / 1000);
const by = (
  header: Record<string, unknown>,
  claims: Claims,
  key: Parameters<SignJWT['sign']>[0] = attacker.privateKey,
) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...header } as { alg: string }).sign(key);

/** Ways to make a JWT look as if the owner of `key` had signed it. `typ` where the real one has it. */
const forgeries: Readonly<
  Record<string, (claims: Claims, key: JWK, typ: Record<string, string>) => Promise<string>>
> = {
  'no signature': async (claims, key, typ) =>
    `${encode({ alg: 'none', kid: key.kid, ...typ })}.${encode(claims)}.`,
  'no signature, in capitals': async (claims, key, typ) =>
    `${encode({ alg: 'None', kid: key.kid, ...typ })}.${encode(claims)}.`,
  'an empty signature': async (claims, key, typ) =>
    `${encode({ alg: 'ES256', kid: key.kid, ...typ })}.${encode(claims)}.`,
  'a signature of zeros': async (claims, key, typ) =>
    `${encode({ alg: 'ES256', kid: key.kid, ...typ })}.${encode(claims)}.${Buffer.alloc(64).toString('base64url')}`,
  'the public key as a shared secret': async (claims, key, typ) =>
    by({ alg: 'HS256', kid: key.kid, ...typ }, claims, Buffer.from(JSON.stringify(key))),
  'the coordinates of the public key as a shared secret': async (claims, key, typ) =>
    by({ alg: 'HS256', kid: key.kid, ...typ }, claims, Buffer.from(String(key.x ?? key.n), 'base64url')),
  'another key under the same name': async (claims, key, typ) => by({ kid: key.kid, ...typ }, claims),
  'a key of its own in the header': async (claims, key, typ) =>
    by({ kid: key.kid, jwk: attacker.jwk, ...typ }, claims),
  'an address of keys in the header': async (claims, _, typ) =>
    by({ kid: 'attacker', jku: attacker.address, ...typ }, claims),
  'an address of certificates in the header': async (claims, _, typ) =>
    by({ kid: 'attacker', x5u: attacker.address, ...typ }, claims),
  'a path for a name': async (claims, _, typ) => by({ kid: '../../../../dev/null', ...typ }, claims),
  'a statement for a name': async (claims, _, typ) => by({ kid: "' UNION SELECT 'x' --", ...typ }, claims),
  'a name of Object.prototype': async (claims, _, typ) => by({ kid: '__proto__', ...typ }, claims),
  'no name': async (claims, _, typ) => by(typ, claims),
  'a header it insists on': async (claims, key, typ) =>
    by({ kid: key.kid, crit: ['b64'], b64: true, ...typ }, claims),
};
const everyForgery = Object.entries(forgeries);
const keyFor = (alg: string) => published.find((key) => key.alg === alg)!;

describe('a forged client assertion', () => {
  it.each(everyForgery)('with %s is no authentication', async (_, forge) => {
    const { id, key } = world.clients.robot;
    const jwk = { ...(await exportJWK(key)), kid: 'robot-1' } as JWK;
    const { d: _private, ...publicKey } = jwk;
    const claims = {
      iss: id,
      sub: id,
      aud: world.issuer,
      jti: crypto.randomUUID(),
      iat: now(),
      exp: now() + 60,
    };
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: assertionType,
      client_assertion: await forge(claims, publicKey, {}),
    };
    const { status, body } = await world.post('/token', form);
    expect([status, body.error]).toEqual([
      status === 400 ? 400 : 401,
      status === 400 ? 'invalid_request' : 'invalid_client',
    ]);
    expect(body).not.toHaveProperty('access_token');
    expect(fetched).toEqual([]);
  });
});

describe('a forged access token', () => {
  it.each(everyForgery)('with %s is none', async (_, forge) => {
    const { web } = world.clients;
    const claims = {
      iss: world.issuer,
      aud: ledger,
      sub: 'x',
      sid: crypto.randomUUID(),
      client_id: web.id,
      jti: crypto.randomUUID(),
      scope: 'openid orders:read',
      iat: now(),
      exp: now() + 600,
    };
    const token = await forge(claims, keyFor('ES256'), { typ: 'at+jwt' });
    const { status, body } = await world.introspect(token, web);
    expect([status, body]).toEqual([200, { active: false }]);
    const shown = await world.get('/userinfo', { authorization: `Bearer ${token}` });
    expect(shown.status === 401 || shown.status === 400).toBe(true);
    expect(fetched).toEqual([]);
  });

  it('is not what was signed as something else', async () => {
    const { web, api } = world.clients;
    const { body } = await world.signIn(web, { resource: orders, scope: 'openid orders:read' });
    expect(decodeProtectedHeader(body.id_token)).not.toHaveProperty('typ', 'at+jwt');
    for (const caller of [web, api])
      expect((await world.introspect(body.id_token, caller)).body).toEqual({ active: false });
    expect((await world.get('/userinfo', { authorization: `Bearer ${body.id_token}` })).status).toBe(401);
    expect((await world.get('/userinfo', { authorization: `Bearer ${body.refresh_token}` })).status).toBe(
      401,
    );
    expect((await world.refresh(web, body.access_token)).body.error).toBe('invalid_grant');
    expect((await world.refresh(web, body.id_token)).body.error).toBe('invalid_grant');
  });

  it('is not made of a real one with other claims', async () => {
    const { web } = world.clients;
    const { body } = await world.signIn(web, { resource: ledger, scope: 'openid orders:read' });
    const [header, payload, signature] = body.access_token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    expect((await world.introspect(body.access_token, web)).body.active).toBe(true);
    for (const change of [
      { scope: 'orders:write' },
      { exp: claims.exp + 3600 },
      { client_id: 'test-other' },
    ]) {
      const changed = `${header}.${encode({ ...claims, ...change })}.${signature}`;
      expect((await world.introspect(changed, web)).body).not.toMatchObject({ active: true });
    }
  });
});

describe('a forged hint at sign-out', () => {
  it.each(everyForgery)('with %s signs nobody out and leads nowhere', async (_, forge) => {
    const { web } = world.clients;
    const claims = { iss: world.issuer, sub: 'x', aud: web.id, sid: 'x', iat: now(), exp: now() + 600 };
    const hint = await forge(claims, keyFor('ES256'), {});
    const query = new URLSearchParams({
      id_token_hint: hint,
      post_logout_redirect_uri: `${world.callback}/out`,
    });
    const { status, headers, body } = await world.get(`/logout?${query}`, { accept: 'text/html' });
    expect([status, headers.get('location')]).toEqual([400, null]);
    expect(body).not.toContain(hint.slice(0, 30));
    expect(fetched).toEqual([]);
  });
});

describe('a request object', () => {
  it.each(everyForgery)('with %s is not looked into', async (_, forge) => {
    const { web } = world.clients;
    const { challenge } = pkce();
    const request = await forge({ iss: web.id, redirect_uri: 'https://evil.example' }, keyFor('ES256'), {});
    const parameters = authorizationRequest(web, world.callback, {
      code_challenge: challenge,
      code_challenge_method: 'S256',
      request,
    });
    const { status, headers } = await world.get(`/authorize?${parameters}`);
    const location = new URL(headers.get('location') ?? 'http://none.example', world.issuer);
    expect([status, location.origin, location.searchParams.get('error')]).toEqual([
      303,
      new URL(world.callback).origin,
      'request_not_supported',
    ]);
  });
});

describe('the published keys', () => {
  it('verify what was really signed, and hold nothing to sign with', async () => {
    for (const key of published) {
      expect(Object.keys(key)).not.toEqual(expect.arrayContaining(['d']));
      expect(await importJWK(key, key.alg)).toBeDefined();
    }
  });
});
