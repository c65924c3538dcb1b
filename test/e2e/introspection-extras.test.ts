import { ClientService } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import { instant } from '@curfew/session-policy';
import { createRemoteJWKSet, decodeJwt, jwtVerify, SignJWT } from 'jose';
import { assertInvariants } from '../support/database.js';
import { asHeader, ledger, ProtocolWorld, type TestClient } from './protocol-world.js';

class HostClock extends Clock {
  now() {
    return instant(performance.timeOrigin + performance.now());
  }
}

let world: ProtocolWorld;
let ledgerApi: TestClient;

beforeAll(async () => {
  world = await ProtocolWorld.start();
  const prisma = world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' });
  const clients = new ClientService({
    prisma,
    clock: new HostClock(),
    rules: { allowPrivateAddresses: true },
  });
  const registered = await clients.create({ client_name: 'Ledger', grant_types: [], resource: ledger });
  ledgerApi = { id: registered.client.id, secret: registered.secret!, key: world.clients.api.key };
}, 60_000);
afterAll(() => world?.stop());
afterEach(() => assertInvariants(world.database));

const signIn = async () =>
  (await world.signIn(world.clients.web, { resource: ledger, scope: 'openid orders:read' })).body;
const jwksOf = () => createRemoteJWKSet(new URL(`${world.issuer}/jwks`));

/** The same signature, written differently: an ECDSA signature (r, s) is as good as (r, n - s). */
function otherSpelling(jwt: string): string {
  const [header, payload, signature] = jwt.split('.');
  const bytes = Buffer.from(signature!, 'base64url');
  const n = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  const s = n - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
  return `${header}.${payload}.${other.toString('base64url')}`;
}

describe('a JWT access token', () => {
  it('names its session and how the person signed in', async () => {
    const claims = decodeJwt((await signIn()).access_token);
    expect(claims).toMatchObject({ sid: expect.any(String), jti: expect.any(String), aud: ledger });
  });

  it('is introspected like an opaque one, by the API it is meant for only', async () => {
    const { access_token: token } = await signIn();
    const { sid } = decodeJwt(token);
    expect((await world.introspect(token, ledgerApi)).body).toMatchObject({
      active: true,
      sid,
      aud: ledger,
      scope: 'orders:read',
      token_type: 'Bearer',
      idle_expires_in: expect.any(Number),
      idle_warning_in: expect.any(Number),
      absolute_expires_in: expect.any(Number),
      cache_max_age: 10,
    });
    expect((await world.introspect(token, world.clients.billingApi)).body).toEqual({ active: false });
  });

  it('is dead in the moment its session ends', async () => {
    const { access_token: token, refresh_token: refreshToken } = await signIn();
    await world.revoke(world.clients.web, refreshToken);
    expect((await world.introspect(token, ledgerApi)).body).toEqual({ active: false });
  });

  it('can be revoked alone, however its signature is spelled', async () => {
    const { access_token: token, refresh_token: refreshToken } = await signIn();
    expect((await world.introspect(otherSpelling(token), ledgerApi)).body.active).toBe(true);
    expect((await world.revoke(world.clients.web, token)).status).toBe(200);
    for (const spelling of [token, otherSpelling(token)])
      expect((await world.introspect(spelling, ledgerApi)).body).toEqual({ active: false });
    expect((await world.refresh(world.clients.web, refreshToken)).status).toBe(200);
  });

  it('of another client is not revoked', async () => {
    const { access_token: token } = await signIn();
    await world.revoke(world.clients.other, token);
    expect((await world.introspect(token, ledgerApi)).body.active).toBe(true);
  });

  it('that somebody else signed is not active, and there is nothing to revoke about it', async () => {
    const { access_token: token } = await signIn();
    const forged = await new SignJWT(decodeJwt(token))
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'robot-1' })
      .sign(world.clients.robot.key);
    expect((await world.introspect(forged, ledgerApi)).body).toEqual({ active: false });
    expect((await world.revoke(world.clients.web, forged)).status).toBe(200);
    expect((await world.introspect(token, ledgerApi)).body.active).toBe(true);
  });

  it('is not made of an ID token', async () => {
    const { id_token: idToken } = await signIn();
    expect((await world.introspect(idToken, ledgerApi)).body).not.toMatchObject({ active: true });
  });
});

describe('a signed introspection answer (RFC 9701)', () => {
  const signed = async (token: string) => {
    const answer = await world.post(
      '/introspection',
      { token },
      { ...asHeader(ledgerApi), accept: 'application/token-introspection+jwt' },
    );
    expect(answer.headers.get('content-type')).toMatch(/^application\/token-introspection\+jwt/);
    return answer.body as string;
  };

  it('is for the caller alone and says everything the plain one says', async () => {
    const { access_token: token } = await signIn();
    const plain = (await world.introspect(token, ledgerApi)).body;
    const { payload, protectedHeader } = await jwtVerify(await signed(token), jwksOf(), {
      issuer: world.issuer,
      audience: ledgerApi.id,
      typ: 'token-introspection+jwt',
    });
    expect(protectedHeader.alg).toBe('ES256');
    expect(Object.keys(payload).sort()).toEqual(['aud', 'iat', 'iss', 'token_introspection']);
    const { idle_expires_in, idle_warning_in, absolute_expires_in, ...stable } = plain;
    expect(payload['token_introspection']).toMatchObject({ ...stable, active: true, sid: plain.sid });
    const clocks = [idle_expires_in, idle_warning_in, absolute_expires_in];
    expect(clocks.map((left) => typeof left)).toEqual(['number', 'number', 'number']);
  });

  it('says no more than that of a token that is not active', async () => {
    const { payload } = await jwtVerify(await signed('cfw_at_nothing'), jwksOf(), { issuer: world.issuer });
    expect(payload['token_introspection']).toEqual({ active: false });
  });

  it('is no access token', async () => {
    const { access_token: token } = await signIn();
    const answer = await world.introspect(await signed(token), ledgerApi);
    expect(answer.body).toEqual({ active: false });
  });
});

describe('many tokens in one call', () => {
  const batch = async (tokens: unknown, client = world.clients.api) => {
    const response = await fetch(`${world.issuer}/introspection/batch`, {
      method: 'POST',
      headers: { ...asHeader(client), 'content-type': 'application/json' },
      body: JSON.stringify({ tokens }),
    });
    return { status: response.status, body: await response.json() };
  };
  const opaque = async () =>
    (await world.signIn(world.clients.web, { resource: 'https://orders.example.test' })).body.access_token;

  it('are answered in their order, each as if asked alone', async () => {
    const [good, foreign] = [await opaque(), (await signIn()).access_token];
    const { body } = await batch([{ token: 'nonsense' }, { token: good }, { token: foreign, touch: false }]);
    expect(body.answers).toEqual([
      { active: false },
      expect.objectContaining({ active: true, sid: expect.any(String) }),
      { active: false },
    ]);
  });

  it('are refused to anybody who serves no resource', async () => {
    expect((await batch([{ token: 'x' }], world.clients.web)).status).toBe(403);
    expect((await batch([{ token: 'x' }], { ...world.clients.api, secret: 'wrong' })).status).toBe(401);
  });

  it.each([[[]], ['text'], [[{ touch: true }]], [[{ token: 1 }]], [Array(201).fill({ token: 'x' })]])(
    'are refused when the list is none: %#',
    async (tokens) => expect((await batch(tokens)).status).toBe(400),
  );
});
