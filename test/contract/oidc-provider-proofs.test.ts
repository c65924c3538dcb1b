import { type Configuration, errors } from 'oidc-provider';
import { dpopKey, type RunningProvider, startProvider } from './oidc-provider-under-test.js';

type Unique = { unique: (issuer: string, jti: string, exp: number) => Promise<boolean> };
const now = () => Math.floor(Date.now() / 1000);
const spa = { client_id: 'spa' };

describe('oidc-provider, DPoP proofs (RFC 9449)', () => {
  let running: RunningProvider;
  let key: Awaited<ReturnType<typeof dpopKey>>;
  beforeAll(async () => {
    key = await dpopKey();
  });
  afterEach(() => running.close());

  const signInBound = async (extra: Configuration = {}, prepare?: Parameters<typeof startProvider>[1]) => {
    running = await startProvider(extra, prepare);
    const { code, verifier } = await running.authorize(spa);
    const { body } = await running.redeem(code, verifier, { dpop: await proof() }, spa);
    return body.refresh_token as string;
  };
  const proof = (claims: Record<string, unknown> = {}, htu = `${running.url}/token`, htm = 'POST') =>
    key.proof(htm, htu, claims);
  const refreshWith = (token: string, dpop: string) => running.refresh(token, { dpop }, spa);

  it('remembers a proof by find, then save, so that two at once may both pass (T7)', async () => {
    const token = await signInBound({ rotateRefreshToken: false as never });
    running.store.before['upsert ReplayDetection'] = () => new Promise((resolve) => setTimeout(resolve, 30));
    const dpop = await proof();
    const answers = await Promise.all([refreshWith(token, dpop), refreshWith(token, dpop)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await refreshWith(token, dpop)).body.error).toBe('invalid_grant');
  });

  it('remembers it for 300 seconds from its first use, whatever its iat says (T8)', async () => {
    const token = await signInBound();
    const from = running.store.calls.length;
    expect((await refreshWith(token, await proof({ iat: now() + 299 }))).status).toBe(200);
    const [record] = running.store.calls
      .slice(from)
      .filter(({ model, operation }) => model === 'ReplayDetection' && operation === 'upsert');
    expect(record!.ttl).toBeGreaterThan(290);
    expect(record!.ttl).toBeLessThanOrEqual(300);
  });

  it('accepts an iat up to 300 seconds away in either direction and no further', async () => {
    const token = await signInBound({ rotateRefreshToken: false as never });
    for (const offset of [-295, 295])
      expect((await refreshWith(token, await proof({ iat: now() + offset }))).status).toBe(200);
    for (const offset of [-310, 310])
      expect((await refreshWith(token, await proof({ iat: now() + offset }))).body.error).toBe(
        'invalid_dpop_proof',
      );
  });

  it('asks ReplayDetection.unique(client id, jti, exp) as a static method that may be replaced; false is a clean 400', async () => {
    const asked: unknown[][] = [];
    const token = await signInBound({}, (provider) => {
      (provider.ReplayDetection as unknown as Unique).unique = async (...values) => {
        asked.push(values);
        return asked.length < 2;
      };
    });
    expect(await refreshWith(token, await proof({ jti: 'p1' }))).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(asked[1]).toEqual(['spa', 'p1', expect.any(Number)]);
    expect(running.store.trail()).not.toContain('find ReplayDetection');
  });

  it('turns invalid_grant thrown when the record is saved into that answer, before anything of the token changes', async () => {
    const token = await signInBound();
    running.store.before['upsert ReplayDetection'] = () => {
      throw new errors.InvalidGrant('replay');
    };
    expect((await refreshWith(token, await proof())).body.error).toBe('invalid_grant');
    delete running.store.before['upsert ReplayDetection'];
    expect((await refreshWith(token, await proof())).status).toBe(200);
  });

  it('compares htu with the URL of the request as it came, not with the issuer (T16)', async () => {
    const token = await signInBound();
    expect((await refreshWith(token, await proof({}, 'https://elsewhere.test/token'))).body.error).toBe(
      'invalid_dpop_proof',
    );
    const other = running.url.replace('127.0.0.1', 'localhost');
    const response = await fetch(`${other}/token`, {
      method: 'POST',
      headers: { dpop: await proof({}, `${other}/token`) },
      body: new URLSearchParams({ ...spa, grant_type: 'refresh_token', refresh_token: token }),
    });
    expect(response.status).toBe(200);
  });

  it('refuses wrong method, type, missing jti, a symmetric algorithm and a second proof header', async () => {
    const token = await signInBound({ rotateRefreshToken: false as never });
    const bad = [
      await proof({}, undefined, 'GET'),
      await proof({ jti: '' }),
      'not.a.jwt',
      `${await proof()}, ${await proof()}`,
    ];
    for (const dpop of bad) expect((await refreshWith(token, dpop)).body.error).toBe('invalid_dpop_proof');
  });

  describe('with a nonce secret', () => {
    const nonces: Configuration = {
      features: { dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true } },
    };

    it('asks for a nonce, which every node with the same secret accepts', async () => {
      running = await startProvider(nonces);
      const { code, verifier } = await running.authorize(spa);
      const first = await running.redeem(code, verifier, { dpop: await proof() }, spa);
      expect([first.status, first.body.error]).toEqual([400, 'use_dpop_nonce']);
      const nonce = first.headers.get('dpop-nonce')!;
      const other = await startProvider(nonces);
      const there = await other.authorize(spa);
      const dpop = await key.proof('POST', `${other.url}/token`, { nonce });
      expect((await other.redeem(there.code, there.verifier, { dpop }, spa)).status).toBe(200);
      await other.close();
    });

    it('does not burn the code when it asks for the nonce', async () => {
      running = await startProvider(nonces);
      const { code, verifier } = await running.authorize(spa);
      const { headers } = await running.redeem(code, verifier, { dpop: await proof() }, spa);
      const dpop = await proof({ nonce: headers.get('dpop-nonce') });
      expect((await running.redeem(code, verifier, { dpop }, spa)).status).toBe(200);
    });
  });

  it('binds a code to dpop_jkt, but finds a missing or wrong proof only after the code was consumed', async () => {
    running = await startProvider();
    const { code, verifier } = await running.authorize({ ...spa, dpop_jkt: key.thumbprint });
    expect((await running.redeem(code, verifier, {}, spa)).body.error).toBe('invalid_grant');
    expect(running.store.trail()).toContain('consume AuthorizationCode');
  });
});
