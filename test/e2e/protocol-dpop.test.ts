import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { assertionType, authorizationRequest, orders, ProtocolWorld } from './protocol-world.js';

let world: ProtocolWorld;
let key: ProofKey;
beforeAll(async () => {
  world = await ProtocolWorld.start();
  key = await aKey();
}, 60_000);
afterAll(() => world?.stop());

type ProofKey = Awaited<ReturnType<typeof aKey>>;

async function aKey() {
  const pair = await generateKeyPair('ES256', { extractable: true });
  return { ...pair, jwk: await exportJWK(pair.publicKey) };
}
interface ProofChanges {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly by?: ProofKey;
}
const proof = ({ claims = {}, header = {}, by = key }: ProofChanges = {}) =>
  new SignJWT({ htm: 'POST', htu: `${world.issuer}/token`, jti: randomUUID(), iat: now(), ...claims })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: by.jwk, ...header } as { alg: string })
    .sign(by.privateKey);
const now = () => Math.floor(performance.timeOrigin / 1000 + performance.now() / 1000);
const forOrders = { resource: orders, scope: 'openid orders:read' };

/** Signs the public client `spa` in with a proof, so that everything it gets is bound to the key. */
const signInBound = async () => {
  const { code, verifier } = await world.authorize(world.clients.spa, forOrders);
  return (await world.redeem(world.clients.spa, code, verifier, {}, { dpop: await proof() })).body;
};
const refreshWith = (token: string, dpop: string) => world.refresh(world.clients.spa, token, {}, { dpop });

describe('DPoP (RFC 9449)', () => {
  it('leaves the refresh token of a confidential client bound to the client alone (§5)', async () => {
    const { web } = world.clients;
    const { code, verifier } = await world.authorize(web, forOrders);
    const { body } = await world.redeem(web, code, verifier, {}, { dpop: await proof() });
    expect(body.token_type).toBe('DPoP');
    const refreshed = await world.refresh(web, body.refresh_token);
    expect(refreshed.body).toMatchObject({ token_type: 'Bearer' });
    expect((await world.introspect(refreshed.body.access_token)).body).not.toHaveProperty('cnf');
  });

  it('binds access and refresh token of a public client to the key', async () => {
    const body = await signInBound();
    expect(body.token_type).toBe('DPoP');
    const jkt = await calculateJwkThumbprint(key.jwk);
    expect((await world.introspect(body.access_token)).body).toMatchObject({
      token_type: 'DPoP',
      cnf: { jkt },
    });
    expect((await refreshWith(body.refresh_token, await proof())).body.token_type).toBe('DPoP');
  });

  it('refuses a refresh with another key or none, uses nothing up and lets the session live', async () => {
    const { refresh_token } = await signInBound();
    expect((await refreshWith(refresh_token, await proof({ by: await aKey() }))).body.error).toBe(
      'invalid_grant',
    );
    expect((await world.refresh(world.clients.spa, refresh_token)).body.error).toMatch(
      /^invalid_(grant|request)$/,
    );
    expect((await refreshWith(refresh_token, await proof())).status).toBe(200);
  });

  it('tells a public client the clocks of its session by a proof, which counts as no use, and nobody else anything', async () => {
    const { spa, api } = world.clients;
    const { refresh_token, access_token } = await signInBound();
    const htu = `${world.issuer}/introspection`;
    const asked = async (token: string, dpop?: string, client_id = spa.id) =>
      world.post('/introspection', { token, client_id }, dpop === undefined ? {} : { dpop });
    const right = () => proof({ claims: { htu } });
    const [before] = await world.database.query('SELECT max(last_active_at) AS at FROM session');
    const told = await asked(refresh_token, await right());
    expect(told.body).toMatchObject({
      active: true,
      client_id: spa.id,
      idle_expires_in: expect.any(Number),
      idle_warning_in: expect.any(Number),
      absolute_expires_in: expect.any(Number),
    });
    expect(told.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce');
    expect(await world.database.query('SELECT max(last_active_at) AS at FROM session')).toEqual([before]);
    const used = await right();
    await asked(refresh_token, used);
    const unbound = (await world.signIn(spa, forOrders)).body;
    const cases: [string, unknown, ReturnType<typeof asked>][] = [
      ['no proof', undefined, asked(refresh_token)],
      [
        'the proof of another key',
        undefined,
        asked(refresh_token, await proof({ claims: { htu }, by: await aKey() })),
      ],
      ['the access token', undefined, asked(access_token, await right())],
      ['a token that is bound to no key', undefined, asked(unbound.refresh_token, await right())],
      ['an altered token', undefined, asked(`${refresh_token}A`, await right())],
      ['a proof for another address', 'invalid_dpop_proof', asked(refresh_token, await proof())],
      ['a proof that was used', 'invalid_dpop_proof', asked(refresh_token, used)],
      [
        'an old proof',
        'use_dpop_nonce',
        asked(refresh_token, await proof({ claims: { htu, iat: now() - 400 } })),
      ],
      ['the name of a confidential client', 'invalid_client', asked(refresh_token, await right(), api.id)],
    ];
    for (const [name, error, answer] of cases) {
      const { body } = await answer;
      expect([name, body]).toEqual([name, error ? expect.objectContaining({ error }) : { active: false }]);
    }
    const { refresh_token: next } = (await refreshWith(refresh_token, await proof())).body;
    expect((await asked(refresh_token, await right())).body).toEqual({ active: false });
    expect((await asked(next, await right())).body.active).toBe(true);
    await world.revoke(spa, next);
    expect((await asked(next, await right())).body).toEqual({ active: false });
  });

  it('refuses a proof with anything wrong about it', async () => {
    const { refresh_token } = await signInBound();
    const { d: _, ...publicJwk } = key.jwk as JWK & { d?: string };
    const privateJwk = await exportJWK(key.privateKey);
    const wrong: [string, Promise<string>][] = [
      ['method', proof({ claims: { htm: 'GET' } })],
      ['url', proof({ claims: { htu: 'https://elsewhere.test/token' } })],
      ['path', proof({ claims: { htu: `${world.issuer}/revocation` } })],
      ['type', proof({ header: { typ: 'jwt' } })],
      ['private key', proof({ header: { jwk: privateJwk } })],
      ['another key', proof({ header: { jwk: { ...publicJwk, x: publicJwk.y, y: publicJwk.x } } })],
      ['no jti', proof({ claims: { jti: undefined } })],
      ['no iat', proof({ claims: { iat: undefined } })],
      ['old', proof({ claims: { iat: now() - 400 } })],
      ['early', proof({ claims: { iat: now() + 400 } })],
      ['a minute early', proof({ claims: { iat: now() + 65 } })],
      [
        'symmetric',
        new SignJWT({ htm: 'POST', htu: `${world.issuer}/token`, jti: 'x', iat: now() })
          .setProtectedHeader({ typ: 'dpop+jwt', alg: 'HS256', jwk: publicJwk } as never)
          .sign(new Uint8Array(32)),
      ],
    ];
    for (const [name, jwt] of wrong) {
      const { status, body } = await refreshWith(refresh_token, await jwt);
      // RFC 9449 §8: a nonce is asked for instead if time is in doubt.
      const error = ['old', 'early', 'a minute early'].includes(name)
        ? 'use_dpop_nonce'
        : 'invalid_dpop_proof';
      expect([name, status, body.error]).toEqual([name, 400, error]);
    }
    const two = await fetch(`${world.issuer}/token`, {
      method: 'POST',
      headers: [
        ['dpop', await proof()],
        ['dpop', await proof()],
      ],
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token,
        client_id: world.clients.spa.id,
      }),
    });
    expect(two.status).toBe(400);
    expect((await refreshWith(refresh_token, await proof())).status).toBe(200);
  });

  it('says of a used proof that it is the proof, whatever it came with, and takes nothing for it (RFC 9449 §5)', async () => {
    const { spa, service } = world.clients;
    const used = await proof();
    const own = { grant_type: 'client_credentials', scope: 'orders:read' };
    const asService = { ...own, client_id: service.id, client_secret: service.secret };
    expect((await world.post('/token', asService, { dpop: used })).status).toBe(200);
    const asRobot = async () => ({
      ...own,
      client_assertion_type: assertionType,
      client_assertion: await world.assertion(),
    });
    expect((await world.post('/token', await asRobot(), { dpop: used })).status).toBe(200);
    const { refresh_token } = await signInBound();
    const { code, verifier } = await world.authorize(spa, forOrders);
    const session = await signInBound();
    const spent = await proof();
    expect((await refreshWith(session.refresh_token, spent)).status).toBe(200);
    const refused = [
      await world.post('/token', asService, { dpop: used }),
      await world.post('/token', await asRobot(), { dpop: used }),
      await refreshWith((await signInBound()).refresh_token, spent),
      await world.redeem(spa, code, verifier, {}, { dpop: spent }),
      await world.refresh(spa, refresh_token, {}, { dpop: spent, accept: 'application/json;q=0.5' }),
    ];
    for (const { status, body } of refused)
      expect([status, body.error, body.access_token]).toEqual([400, 'invalid_dpop_proof', undefined]);
    expect((await world.redeem(spa, code, verifier, {}, { dpop: await proof() })).status).toBe(200);
    const assertion = await asRobot();
    await world.post('/token', assertion, { dpop: await proof() });
    expect(await world.post('/token', assertion, { dpop: await proof() })).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
  });

  it('neither ends nor rotates a session for a used proof', async () => {
    const { refresh_token } = await signInBound();
    const spent = await proof();
    await refreshWith((await signInBound()).refresh_token, spent);
    for (let time = 0; time < 3; time += 1)
      expect((await refreshWith(refresh_token, spent)).body.error).toBe('invalid_dpop_proof');
    const { body } = await refreshWith(refresh_token, await proof());
    expect((await refreshWith(body.refresh_token, await proof())).status).toBe(200);
  });

  it('is not left out by sending it empty', async () => {
    const { service, spa } = world.clients;
    const own = { grant_type: 'client_credentials', scope: 'orders:read' };
    const asService = { ...own, client_id: service.id, client_secret: service.secret };
    const { refresh_token } = (await world.signIn(spa)).body;
    for (const answer of [
      await world.post('/token', asService, { dpop: '' }),
      await world.refresh(spa, refresh_token, {}, { dpop: '' }),
      await world.refresh(spa, refresh_token, {}, { dpop: '   ' }),
    ])
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_dpop_proof']);
    expect((await world.refresh(spa, refresh_token)).status).toBe(200);
  });

  it('takes the same proof once, one after the other and 50 times at once', async () => {
    const { spa } = world.clients;
    const bodies = await Promise.all(Array.from({ length: 5 }, () => signInBound()));
    const used = await proof();
    expect((await refreshWith(bodies[0].refresh_token, used)).status).toBe(200);
    expect((await refreshWith(bodies[1].refresh_token, used)).body.error).toMatch(/^invalid_/);
    const shared = await proof();
    const tokens = Array.from({ length: 50 }, (_, n) => bodies[1 + (n % 4)].refresh_token as string);
    const answers = await Promise.all(tokens.map((token) => world.refresh(spa, token, {}, { dpop: shared })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  }, 60_000);

  it('remembers a proof from the future for as long as it would be accepted', async () => {
    const { refresh_token } = await signInBound();
    await refreshWith(refresh_token, await proof({ claims: { iat: now() + 20 } }));
    const [row] = await world.database.query<{ lives: number }>(
      `SELECT extract(epoch FROM max(expires_at) - now())::float AS lives FROM protocol_artifact WHERE kind = 'ReplayDetection'`,
    );
    expect(row!.lives).toBeGreaterThanOrEqual(600);
  });

  it('never gives a client that registered for it an unbound token', async () => {
    const { bound } = world.clients;
    const { code, verifier } = await world.authorize(bound);
    expect(await world.redeem(bound, code, verifier)).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/^invalid_(grant|request|dpop_proof)$/) },
    });
    const { body } = await world.redeem(bound, code, verifier, {}, { dpop: await proof() });
    expect(body.token_type).toBe('DPoP');
    expect((await world.refresh(bound, body.refresh_token)).status).toBe(400);
  });

  it('binds a code to the key named in the request, and does not use it up for another one', async () => {
    const { spa } = world.clients;
    const { code, verifier } = await world.authorize(spa, {
      dpop_jkt: await calculateJwkThumbprint(key.jwk),
    });
    expect((await world.redeem(spa, code, verifier)).body.error).toBe('invalid_grant');
    expect(
      (await world.redeem(spa, code, verifier, {}, { dpop: await proof({ by: await aKey() }) })).body.error,
    ).toBe('invalid_grant');
    expect((await world.redeem(spa, code, verifier, {}, { dpop: await proof() })).body.token_type).toBe(
      'DPoP',
    );
  });

  it('comes with a pushed request that names its key once or not at all', async () => {
    const { spa } = world.clients;
    const jkt = await calculateJwkThumbprint(key.jwk);
    const push = async (...named: readonly string[]) => {
      const request = authorizationRequest(spa, world.callback, {
        ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
      });
      for (const one of named) request.append('dpop_jkt', one);
      const dpop = await proof({ claims: { htu: `${world.issuer}/par` } });
      return (await world.post('/par', request, { dpop })).body.error;
    };
    expect([await push(), await push(jkt)]).toEqual([undefined, undefined]);
    const other = await calculateJwkThumbprint((await aKey()).jwk);
    for (const named of [[other], [jkt, jkt], [jkt, other], [other, other]])
      expect([named, await push(...named)]).toEqual([named, 'invalid_request']);
  });

  it('is demanded where a bound token is used: right scheme, own key, own token', async () => {
    const { spa } = world.clients;
    const { code, verifier } = await world.authorize(spa);
    const { body } = await world.redeem(spa, code, verifier, {}, { dpop: await proof() });
    const userinfo = async (scheme: string, token: string, dpop?: string) =>
      (await world.get('/userinfo', { authorization: `${scheme} ${token}`, ...(dpop ? { dpop } : {}) }))
        .status;
    const { hash } = await import('node:crypto');
    const claims = (token: string) => ({
      htm: 'GET',
      htu: `${world.issuer}/userinfo`,
      ath: hash('sha256', token, 'base64url'),
    });
    const good = () => proof({ claims: claims(body.access_token) });
    expect(await userinfo('DPoP', body.access_token, await good())).toBe(200);
    expect(await userinfo('Bearer', body.access_token)).toBe(401);
    expect(await userinfo('DPoP', body.access_token)).toBeGreaterThanOrEqual(400);
    expect(await userinfo('DPoP', body.access_token, await proof({ claims: claims('another token') }))).toBe(
      401,
    );
    expect(
      await userinfo(
        'DPoP',
        body.access_token,
        await proof({ claims: claims(body.access_token), by: await aKey() }),
      ),
    ).toBe(401);
    const unbound = (await world.signIn(spa)).body.access_token;
    expect(await userinfo('DPoP', unbound, await proof({ claims: claims(unbound) }))).toBe(401);
  });

  it('compares the URL of a proof with the public one, whatever headers claim', async () => {
    const { refresh_token } = await signInBound();
    const spoofed = await world.refresh(
      world.clients.spa,
      refresh_token,
      {},
      {
        dpop: await proof({ claims: { htu: 'https://evil.test/token' } }),
        'x-forwarded-host': 'evil.test',
        'x-forwarded-proto': 'https',
      },
    );
    expect(spoofed.body.error).toBe('invalid_dpop_proof');
    expect((await refreshWith(refresh_token, await proof())).status).toBe(200);
  });
});
