import { createHash, createHmac, createPublicKey, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ClientService, PolicyService, ResourceService } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import {
  createVerifier,
  type Requirement,
  type VerifiableRequest,
  type Verifier,
  VerifierMisconfigured,
  type VerifierOptions,
} from '@curfew/resource-server';
import { instant } from '@curfew/session-policy';
import { AccessTokenCodec, KeyRing, ServiceKeys } from '@curfew/tokens';
import { calculateJwkThumbprint, decodeJwt, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { createCertificate } from '../support/certificate.js';
import {
  asHeader,
  assertionType,
  exchangeGrant,
  ledger,
  orders,
  ProtocolWorld,
  type TestClient,
} from './protocol-world.js';

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
  const { client, secret } = await clients.create({
    client_name: 'Ledger',
    grant_types: [],
    resource: ledger,
  });
  ledgerApi = { id: client.id, secret: secret!, key: world.clients.api.key };
}, 60_000);
afterAll(() => world?.stop());

const verifiers: Verifier[] = [];
afterEach(() => Promise.all(verifiers.splice(0).map((one) => one.close())));

async function verifierFor(
  client: TestClient,
  audience: string,
  more: Partial<VerifierOptions> = {},
): Promise<Verifier> {
  const one = createVerifier({
    issuer: world.issuer,
    clientId: client.id,
    clientSecret: client.secret,
    audience,
    ...more,
  });
  verifiers.push(one);
  while (!one.following) await pause(10);
  return one;
}
const outcome = async (one: Verifier, request: VerifiableRequest, required: Requirement = {}) => {
  const verdict = await one.verify(request, required);
  if (verdict.kind === 'allowed') return 'allowed';
  const { status, error } = verdict.refusal;
  return `${status} ${error}`;
};
const bearing = (token: string): VerifiableRequest => ({ headers: { authorization: `Bearer ${token}` } });
const signIn = async (resource: string) =>
  (await world.signIn(world.clients.web, { resource, scope: 'openid orders:read' })).body;

/** How many questions the authorization server was asked by this client since. */
const countQuestions = async (work: () => Promise<unknown>): Promise<number> => {
  const before = fetchCount;
  await work();
  return fetchCount - before;
};
let fetchCount = 0;
const realFetch = globalThis.fetch;
beforeAll(() => {
  globalThis.fetch = (input, init) => {
    if (String(input).endsWith('/introspection/batch')) fetchCount += 1;
    return realFetch(input, init);
  };
});
afterAll(() => {
  globalThis.fetch = realFetch;
});

describe('tokens that were exchanged', () => {
  const apis = ['https://first.example.test', 'https://second.example.test', 'https://third.example.test'];
  /** Ends of sessions; more of them for figures. */
  const rounds = Number(process.env['CURFEW_TEST_DELEGATED_ENDS'] ?? 8);
  let actor: TestClient;
  let callers: readonly TestClient[];
  let clients: ClientService;
  beforeAll(async () => {
    const prisma = world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' });
    const parts = { prisma, clock: new HostClock(), rules: { allowPrivateAddresses: true } };
    clients = new ClientService(parts);
    const resources = new ResourceService(prisma, parts.clock);
    const register = async (registration: Parameters<ClientService['create']>[0]): Promise<TestClient> => {
      const { client, secret } = await clients.create(registration);
      return { id: client.id, secret: secret!, key: world.clients.api.key };
    };
    const made: TestClient[] = [];
    for (const [index, audience] of apis.entries()) {
      const tokenFormat = index === 0 ? 'jwt' : 'opaque';
      await resources.create({ audience, name: audience, scopes: ['orders:read'], tokenFormat });
      made.push(await register({ client_name: audience, grant_types: [], resource: audience }));
    }
    callers = made;
    actor = await register({
      client_name: 'Actor',
      grant_types: [exchangeGrant],
      resource: orders,
      token_exchange: apis.map((resource) => ({ resource, scope: 'orders:read' })),
    });
  });
  const exchange = async (subject_token: string, resource: string): Promise<string> => {
    const subject_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    const form = { grant_type: exchangeGrant, subject_token, subject_token_type, resource };
    return (await world.post('/token', form, asHeader(actor))).body.access_token;
  };
  const untilDenied = async (one: Verifier, token: string): Promise<number> => {
    const began = performance.now();
    while ((await outcome(one, bearing(token))) === 'allowed') {
      expect(performance.now() - began).toBeLessThan(2_000);
      await pause(1);
    }
    return performance.now() - began;
  };

  it('are denied with the session, ten of them at three APIs, within the published bound', async () => {
    const all = await Promise.all(
      callers.map((caller, index) => verifierFor(caller, apis[index]!, { readJwts: true })),
    );
    const took: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { access_token: subject, refresh_token } = await signIn(orders);
      const tokens = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const [one, audience] = [all[index % 3]!, apis[index % 3]!];
          const token = await exchange(subject, audience);
          expect(await outcome(one, bearing(token))).toBe('allowed');
          return { one, token };
        }),
      );
      await world.revoke(world.clients.web, refresh_token);
      took.push(...(await Promise.all(tokens.map(({ one, token }) => untilDenied(one, token)))));
    }
    took.sort((a, b) => a - b);
    const p99 = took[Math.floor(took.length * 0.99)]!;
    expect(took).toHaveLength(rounds * 10);
    if (!process.env['CURFEW_TEST_DELEGATED_ENDS']) return;
    console.log(
      `${took.length} denials, p50 ${took[took.length >> 1]} ms, p99 ${p99} ms, most ${took.at(-1)} ms`,
    );
    // Only a machine that does nothing else says something about time.
    expect(p99).toBeLessThanOrEqual(50);
  }, 600_000);

  it('are denied with a mass end of the client of the session, and are remembered no longer once a client changed', async () => {
    const one = await verifierFor(callers[1]!, apis[1]!, { cacheForMs: 30_000 });
    const { other } = world.clients;
    const held = async () => {
      const { body } = await world.signIn(other, { resource: orders, scope: 'openid orders:read' });
      const token = await exchange(body.access_token, apis[1]!);
      expect(await outcome(one, bearing(token))).toBe('allowed');
      return token;
    };
    const byMassEnd = await held();
    // As of a client with so many sessions that they are not ended one by one.
    await world.database.query(
      `INSERT INTO not_before (kind, target, at, reason) VALUES ('client', $1, now(), 'ended_by_administrator')`,
      [other.id],
    );
    await untilDenied(one, byMassEnd);

    await pause(1_100);
    const byChange = await held();
    const { client } = (await clients.find(actor.id))!;
    await clients.update(
      actor.id,
      { token_exchange: client.metadata.token_exchange!.slice(0, 1) },
      client.version,
    );
    // As the operation does in the commit of the change.
    await world.database.query(`SELECT pg_notify('curfew_ends', $1)`, [`client:${actor.id}`]);
    await untilDenied(one, byChange);
  });
});

describe('opaque tokens', () => {
  it('are asked about once, however many requests come at the same time, and then remembered', async () => {
    const one = await verifierFor(world.clients.api, orders);
    const { access_token: token } = await signIn(orders);
    const asked = await countQuestions(async () => {
      const all = await Promise.all(Array.from({ length: 50 }, () => outcome(one, bearing(token))));
      expect(new Set(all)).toEqual(new Set(['allowed']));
      expect(await outcome(one, bearing(token))).toBe('allowed');
    });
    expect(asked).toBe(1);
    expect(one.remembered).toBe(1);
  });

  it('of a session that ended are refused without another question', async () => {
    const one = await verifierFor(world.clients.api, orders);
    const { access_token: token, refresh_token } = await signIn(orders);
    expect(await outcome(one, bearing(token))).toBe('allowed');
    const asked = await countQuestions(async () => {
      await world.revoke(world.clients.web, refresh_token);
      while ((await outcome(one, bearing(token))) === 'allowed') await pause(1);
      expect(await outcome(one, bearing(token))).toBe('401 invalid_token');
    });
    expect([asked, one.remembered]).toEqual([0, 0]);
  });

  it('that are nonsense are not asked about again and again', async () => {
    const one = await verifierFor(world.clients.api, orders);
    const asked = await countQuestions(async () => {
      for (let i = 0; i < 20; i++) expect(await outcome(one, bearing('cfw_at_x'))).toBe('401 invalid_token');
    });
    expect(asked).toBe(1);
  });

  it('are asked about each time where nothing may be remembered', async () => {
    const one = await verifierFor(world.clients.api, orders, { cacheForMs: 0 });
    const { access_token: token } = await signIn(orders);
    const asked = await countQuestions(async () => {
      for (let i = 0; i < 3; i++) expect(await outcome(one, bearing(token))).toBe('allowed');
    });
    expect(asked).toBe(3);
  });

  describe('whose policy says how long a verdict may be kept', () => {
    const policies = () =>
      new PolicyService(world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' }), new HostClock());
    const target = () => ({ kind: 'client', id: world.clients.web.id }) as const;
    afterEach(() => policies().detach(target()));
    /** A token under a policy with this much, known to the server. */
    async function tokenUnder(introspectionCache: number, name: string): Promise<string> {
      const settings = { basedOn: 'standard', introspectionCache };
      await policies().save({ name, previous: 0, settings, createdBy: 'test' });
      await policies().attach(target(), name);
      const { access_token: token } = await signIn(orders);
      for (let told = -1; told !== introspectionCache; await pause(20))
        told = (await world.introspect(token, world.clients.api, { touch: 'false' })).body.cache_max_age;
      return token;
    }

    it('are asked about each time where that is 0, whatever the API would keep', async () => {
      const one = await verifierFor(world.clients.api, orders, { cacheForMs: 30_000 });
      const token = await tokenUnder(0, 'exact');
      const asked = await countQuestions(async () => {
        for (let i = 0; i < 3; i++) expect(await outcome(one, bearing(token))).toBe('allowed');
      });
      expect([asked, one.remembered]).toEqual([3, 0]);
    });

    it('are not answered from a question that was sent before where that is 0', async () => {
      const one = await verifierFor(world.clients.api, orders);
      const token = await tokenUnder(0, 'exact-too');
      const asked = await countQuestions(async () => {
        const begun = [outcome(one, bearing(token))];
        for (const before = fetchCount; fetchCount === before; ) await new Promise(setImmediate);
        for (let i = 0; i < 20; i++) begun.push(outcome(one, bearing(token)));
        expect(new Set(await Promise.all(begun))).toEqual(new Set(['allowed']));
      });
      expect(asked).toBe(2);
    });

    it('are remembered for the smaller of that and what the API would keep', async () => {
      const token = await tokenUnder(1, 'a-second');
      const [long, short] = [
        await verifierFor(world.clients.api, orders, { cacheForMs: 30_000 }),
        await verifierFor(world.clients.api, orders, { cacheForMs: 0 }),
      ];
      const count = (one: Verifier) =>
        countQuestions(async () => {
          for (let i = 0; i < 2; i++) expect(await outcome(one, bearing(token))).toBe('allowed');
        });
      expect(await count(short)).toBe(2);
      expect(await count(long)).toBe(1);
      await pause(1_100);
      expect(await count(long)).toBe(1);
    });
  });

  it('that were seen passively are asked about again by the first active request, so that it counts', async () => {
    const one = await verifierFor(world.clients.api, orders);
    const { access_token: token } = await signIn(orders);
    const asked = await countQuestions(async () => {
      for (let i = 0; i < 3; i++) await outcome(one, bearing(token), { passive: true });
      for (let i = 0; i < 3; i++) await outcome(one, bearing(token));
      await outcome(one, bearing(token), { passive: true });
    });
    expect(asked).toBe(2);
  });

  it('take no more memory than they may', async () => {
    const one = await verifierFor(world.clients.api, orders, { maxTokens: 3 });
    for (let i = 0; i < 5; i++) await outcome(one, bearing((await signIn(orders)).access_token));
    expect(one.remembered).toBe(3);
  });

  it('for another API are refused', async () => {
    const one = await verifierFor(world.clients.billingApi, 'https://billing.example.test');
    expect(await outcome(one, bearing((await signIn(orders)).access_token))).toBe('401 invalid_token');
  });

  it('must come once, and in the header', async () => {
    const one = await verifierFor(world.clients.api, orders);
    const { access_token: token } = await signIn(orders);
    expect(await outcome(one, { headers: {}, url: `/orders?access_token=${token}` })).toBe(
      '400 invalid_request',
    );
    expect(await outcome(one, { ...bearing(token), severalTokens: true })).toBe('400 invalid_request');
    expect(await outcome(one, { headers: {} })).toBe('401 undefined');
  });
});

describe('JWT access tokens that are read here', () => {
  const reading = () => verifierFor(ledgerApi, ledger, { readJwts: true });

  it('are verified without asking anybody', async () => {
    const one = await reading();
    const tokens = await Promise.all([signIn(ledger), signIn(ledger)]);
    const asked = await countQuestions(async () => {
      for (const { access_token: token } of tokens)
        expect(await outcome(one, bearing(token))).toBe('allowed');
    });
    expect(asked).toBe(0);
  });

  it('end in the moment their session ends, and in the moment they are revoked', async () => {
    const one = await reading();
    const [ended, revoked] = await Promise.all([signIn(ledger), signIn(ledger)]);
    for (const { access_token: token } of [ended, revoked])
      expect(await outcome(one, bearing(token))).toBe('allowed');
    await world.revoke(world.clients.web, ended.refresh_token, { confirm: 'true' });
    await world.revoke(world.clients.web, revoked.access_token, { confirm: 'true' });
    for (const { access_token: token } of [ended, revoked])
      expect(await outcome(one, bearing(token))).toBe('401 invalid_token');
  });

  it('take connections that go on with them, when their session ends and when they are revoked alone', async () => {
    const one = await reading();
    const [ended, revoked, other] = await Promise.all([signIn(ledger), signIn(ledger), signIn(ledger)]);
    const over: string[] = [];
    const watch = async (name: string, token: string) => {
      const verdict = await one.verify(bearing(token));
      if (verdict.kind !== 'allowed') throw new TypeError('a good token was refused');
      return () => one.watch(verdict.token, verdict.facts, () => over.push(name));
    };
    const late = await watch('opened too late', ended.access_token);
    for (const [name, { access_token: token }] of Object.entries({ ended, revoked, other }))
      (await watch(name, token))();
    expect(one.live).toBe(3);
    await world.revoke(world.clients.web, ended.refresh_token, { confirm: 'true' });
    expect(over).toEqual(['ended']);
    await world.revoke(world.clients.web, revoked.access_token, { confirm: 'true' });
    expect(over).toEqual(['ended', 'revoked']);
    late();
    await pause(10);
    expect([over.at(-1), one.live]).toEqual(['opened too late', 1]);
    await one.close();
    expect(over.at(-1)).toBe('other');
  });

  it('that ended before anybody followed are known to have ended', async () => {
    const { access_token: token, refresh_token: refreshToken } = await signIn(ledger);
    await world.revoke(world.clients.web, refreshToken);
    expect(await outcome(await reading(), bearing(token))).toBe('401 invalid_token');
  });

  it('of an account whose sessions were all ended are asked about in doubt', async () => {
    const one = await reading();
    const { access_token: token } = await signIn(ledger);
    expect(await outcome(one, bearing(token))).toBe('allowed');
    const account = decodeJwt(token).sub;
    await world.database.query(
      `INSERT INTO not_before (kind, target, at, reason) VALUES ('account', $1, now(), 'ended_by_administrator')`,
      [account],
    );
    const ended = performance.now();
    while ((await outcome(one, bearing(token))) !== '401 invalid_token')
      expect(performance.now() - ended).toBeLessThan(2_000);
    await pause(1_100);
    const later = (await signIn(ledger)).access_token;
    expect(await outcome(one, bearing(later))).toBe('allowed');
  });

  it('are nothing else that is signed, and not signed by anybody else', async () => {
    const one = await reading();
    const { access_token: token, id_token: idToken } = await signIn(ledger);
    const claims = decodeJwt(token);
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const { keys } = await (await realFetch(`${world.issuer}/jwks`)).json();
    const publicPem = JSON.stringify(keys[0]);
    const hs = `${encode({ alg: 'HS256', typ: 'at+jwt', kid })}.${payload}`;
    const answer = await world.post(
      '/introspection',
      { token },
      { ...asHeader(ledgerApi), accept: 'application/token-introspection+jwt' },
    );
    const mallory = await generateKeyPair('ES256', { extractable: true });
    const own = await exportJWK(mallory.publicKey);
    const forged = (head: object) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...head })
        .sign(mallory.privateKey);
    const bad: Record<string, string> = {
      'an ID token': idToken,
      'an introspection answer': answer.body,
      'alg none': `${encode({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`,
      'a shared secret': `${hs}.${createHmac('sha256', publicPem).update(hs).digest('base64url')}`,
      'an unknown key': await forged({ kid: 'unknown' }),
      'a known kid': await forged({ kid }),
      'a key of its own': await forged({ jwk: own }),
      'an address of a key': await forged({ jku: 'https://evil.example.test/jwks', kid }),
      'another payload': `${header}.${encode({ ...claims, scope: 'everything' })}.${signature}`,
      'an extension': `${encode({ alg: 'ES256', typ: 'at+jwt', kid, crit: ['x'] })}.${payload}.${signature}`,
    };
    for (const [name, one_] of Object.entries(bad))
      expect([name, await outcome(one, bearing(one_))]).not.toEqual([name, 'allowed']);
  });
});

describe('tokens bound to a key', () => {
  const origin = 'https://orders.example.test';
  const url = '/orders/7?page=2';
  let key: { privateKey: CryptoKey; jwk: JWK };
  let token: string;

  const now = () => Math.floor((performance.timeOrigin + performance.now()) / 1000);
  const prove = (claims: Record<string, unknown> = {}, by = key) =>
    new SignJWT({ jti: randomUUID(), iat: now(), ...claims })
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: by.jwk })
      .sign(by.privateKey);
  const aKey = async () => {
    const pair = await generateKeyPair('ES256', { extractable: true });
    return { privateKey: pair.privateKey as CryptoKey, jwk: await exportJWK(pair.publicKey) };
  };
  const forApi = (of = token) => ({
    htm: 'GET',
    htu: `${origin}/orders/7`,
    ath: createHash('sha256').update(of).digest('base64url'),
  });
  const asking = (scheme: string, dpop?: string | string[], of = token): VerifiableRequest => ({
    method: 'GET',
    url,
    headers: { authorization: `${scheme} ${of}`, ...(dpop === undefined ? {} : { dpop }) },
  });

  beforeAll(async () => {
    key = await aKey();
    const { code, verifier } = await world.authorize(world.clients.spa, {
      resource: orders,
      scope: 'openid orders:read',
    });
    const dpop = await prove({ htm: 'POST', htu: `${world.issuer}/token` });
    token = (await world.redeem(world.clients.spa, code, verifier, {}, { dpop })).body.access_token;
  });

  it('pass with a proof, once', async () => {
    const one = await verifierFor(world.clients.api, orders, { origin });
    const proof = await prove(forApi());
    const verdict = await one.verify(asking('DPoP', proof));
    expect(verdict).toMatchObject({
      kind: 'allowed',
      facts: { keyThumbprint: await calculateJwkThumbprint(key.jwk) },
    });
    expect(await outcome(one, asking('DPoP', proof))).toBe('401 invalid_dpop_proof');
  });

  it('do not pass without one, as bearer tokens, or with a proof for something else (R57)', async () => {
    const one = await verifierFor(world.clients.api, orders, { origin });
    expect(await outcome(one, asking('Bearer'))).toBe('401 invalid_token');
    expect(await outcome(one, asking('DPoP'))).toBe('401 invalid_dpop_proof');
    expect(await outcome(one, asking('DPoP', [await prove(forApi()), await prove(forApi())]))).toBe(
      '401 invalid_dpop_proof',
    );
    const wrong = [
      { htm: 'POST' },
      { htu: `${origin}/orders/8` },
      { htu: 'https://evil.test/orders/7' },
      { ath: 'x' },
    ];
    for (const claims of wrong)
      expect(await outcome(one, asking('DPoP', await prove({ ...forApi(), ...claims })))).toBe(
        '401 invalid_dpop_proof',
      );
    expect(await outcome(one, asking('DPoP', await prove(forApi(), await aKey())))).toBe('401 invalid_token');
    const challenge = await one.verify({ headers: {} });
    expect(challenge).toMatchObject({
      refusal: { headers: { 'WWW-Authenticate': 'Bearer, DPoP algs="ES256 EdDSA Ed25519"' } },
    });
  });

  it('are the only ones that may come with the DPoP scheme', async () => {
    const one = await verifierFor(world.clients.api, orders, { origin });
    const { access_token: unbound } = await signIn(orders);
    expect(await outcome(one, asking('DPoP', await prove(forApi(unbound)), unbound))).toBe(
      '401 invalid_token',
    );
  });
});

describe('tokens bound to a certificate (RFC 8705)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-certificates-'));
  const certificate = (name: string): string => createCertificate(folder, name);

  it('pass with that certificate only', async () => {
    const mine = certificate('mine');
    const thumbprint = createHash('sha256').update(new X509Certificate(mine).raw).digest('base64url');
    // As the server seals it when a client comes with a certificate.
    const secrets = new ServiceKeys([world.server.environment['CURFEW_KEY_ENCRYPTION_SECRETS']!]);
    const codec = new AccessTokenCodec(new KeyRing(secrets.derive('access token')));
    const now = Math.floor((performance.timeOrigin + performance.now()) / 1000);
    const token = codec.seal({
      kind: 'ClientCredentials',
      clientId: world.clients.service.id,
      aud: orders,
      'x5t#S256': thumbprint,
      iat: now,
      exp: now + 300,
      issuedAtMs: now * 1000,
    });
    expect((await world.introspect(token)).body.cnf).toEqual({ 'x5t#S256': thumbprint });
    const one = await verifierFor(world.clients.api, orders);
    const withCertificate = (value?: Uint8Array | string) =>
      outcome(one, { ...bearing(token), certificate: value });
    expect(await withCertificate(mine)).toBe('allowed');
    expect(await withCertificate(new X509Certificate(mine).raw)).toBe('allowed');
    expect(await withCertificate()).toBe('401 invalid_token');
    expect(await withCertificate(certificate('another'))).toBe('401 invalid_token');
    expect(await withCertificate('nonsense')).toBe('401 invalid_token');
  });
});

describe('a verifier', () => {
  it.each([
    { issuer: 'nonsense' },
    { issuer: 'https://login.example.com/' },
    { clientSecret: '' },
    { audience: '' },
    { origin: 'https://api.example.com/path' },
    { cacheForMs: 31_000 },
    { maxTokens: 0 },
    { mostTokens: 0 },
  ])('is not made with %j', (wrong) => {
    const good = { issuer: 'https://login.example.com', clientId: 'c', clientSecret: 's', audience: 'a' };
    expect(() => createVerifier({ ...good, ...wrong })).toThrow(VerifierMisconfigured);
  });

  it('asks and follows with a token of its client’s own, where that has no secret', async () => {
    const prisma = world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' });
    const clients = new ClientService({
      prisma,
      clock: new HostClock(),
      rules: { allowPrivateAddresses: true },
    });
    const { client } = await clients.create({
      client_name: 'Orders, by key',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: {
        keys: [{ ...(await exportJWK(createPublicKey(world.clients.robot.key))), kid: 'k', alg: 'ES256' }],
      } as never,
      resource: orders,
    });
    const clientToken = async () => {
      const assertion = await new SignJWT({
        iss: client.id,
        sub: client.id,
        aud: world.issuer,
        jti: randomUUID(),
      })
        .setProtectedHeader({ alg: 'ES256', kid: 'k' })
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(world.clients.robot.key);
      const { body } = await world.post('/token', {
        grant_type: 'client_credentials',
        client_id: client.id,
        client_assertion: assertion,
        client_assertion_type: assertionType,
      });
      return body.access_token;
    };
    const one = createVerifier({ issuer: world.issuer, clientId: client.id, clientToken, audience: orders });
    verifiers.push(one);
    while (!one.following) await pause(10);
    const { access_token: token, refresh_token: refreshToken } = await signIn(orders);
    expect(await outcome(one, bearing(token))).toBe('allowed');
    await world.revoke(world.clients.web, refreshToken, { confirm: 'true' });
    expect(await outcome(one, bearing(token))).toBe('401 invalid_token');
    // A token that was made for an API was shown to that API, and opens nothing here.
    const { body } = await world.post('/token', {
      grant_type: 'client_credentials',
      client_id: world.clients.service.id,
      client_secret: world.clients.service.secret,
    });
    const answer = await realFetch(`${world.issuer}/session-feed`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    });
    expect(answer.status).toBe(401);
  });

  it('says no while its own credentials are wrong', async () => {
    const troubles: unknown[] = [];
    const one = createVerifier({
      issuer: world.issuer,
      clientId: world.clients.api.id,
      clientSecret: 'wrong',
      audience: orders,
      onTrouble: (error) => troubles.push(error),
    });
    verifiers.push(one);
    const { access_token: token } = await signIn(orders);
    expect(await outcome(one, bearing(token))).toBe('503 temporarily_unavailable');
    expect(troubles.length).toBeGreaterThan(0);
    expect(JSON.stringify(troubles.map(String))).not.toContain(token);
  });
});
