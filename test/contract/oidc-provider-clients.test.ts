import { createHash, generateKeyPairSync, randomUUID, timingSafeEqual } from 'node:crypto';
import { jest } from '@jest/globals';
import { SignJWT } from 'jose';
import { type Configuration, errors, Provider } from 'oidc-provider';
import { asClient, type RunningProvider, startProvider } from './oidc-provider-under-test.js';

const sha256 = (value: string): Buffer => createHash('sha256').update(value).digest();

describe('oidc-provider, how clients authenticate', () => {
  let running: RunningProvider;
  afterEach(() => running.close());

  const ask = (headers: Record<string, string>, form: Record<string, string> = {}) =>
    running.post('/token', { grant_type: 'client_credentials', ...form }, headers);

  describe('a secret that is stored only as a hash', () => {
    const machine = {
      client_id: 'machine',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    };
    const stored = sha256('right');
    const withHashes = (metadata: object): Configuration => ({
      clients: [{ ...machine, ...metadata }] as NonNullable<Configuration['clients']>,
      features: { clientCredentials: { enabled: true } },
    });

    it('is not possible without a change: metadata must carry client_secret', async () => {
      running = await startProvider({ features: { clientCredentials: { enabled: true } } });
      await expect(running.provider.Client.find('unknown')).resolves.toBeUndefined();
      const { Client } = running.provider as unknown as { Client: new (metadata: object) => unknown };
      expect(() => new Client(machine)).toThrow(
        /client_secret is mandatory property|invalid_client_metadata/,
      );
    });

    it('is compared by Client.prototype.compareClientSecret, which may be asynchronous and is bound to the client', async () => {
      const seen: unknown[] = [];
      running = await startProvider(withHashes({ client_secret: 'placeholder' }), (provider) => {
        provider.Client.prototype.compareClientSecret = async function (
          this: { clientId: string },
          actual: string,
        ) {
          seen.push(this.clientId);
          await new Promise((resolve) => setImmediate(resolve));
          return timingSafeEqual(sha256(actual), stored);
        };
      });
      expect((await ask(asClient('machine', 'right'))).status).toBe(200);
      expect(await ask(asClient('machine', 'placeholder'))).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      });
      expect(seen).toEqual(['machine', 'machine']);
    });

    it('needs no client_secret in the metadata once Client.needsSecret is overridden, and then makes no HMAC keys', async () => {
      running = await startProvider(withHashes({}), (provider) => {
        (provider.Client as unknown as { needsSecret: () => boolean }).needsSecret = () => false;
        provider.Client.prototype.compareClientSecret = async (actual) =>
          timingSafeEqual(sha256(actual), stored);
      });
      expect((await ask(asClient('machine', 'right'))).status).toBe(200);
      expect((await ask(asClient('machine', 'wrong'))).status).toBe(401);
      expect((await ask({}, { client_id: 'machine', client_secret: 'right' })).status).toBe(200);
      const client = (await running.provider.Client.find('machine')) as unknown as Record<
        string,
        Iterable<unknown>
      >;
      expect(client['clientSecret']).toBeUndefined();
      expect([...client['symmetricKeyStore']!]).toEqual([]);
    });

    it('still refuses a secret client that sends none, before any comparison', async () => {
      const compare = jest.fn(() => true);
      running = await startProvider(withHashes({}), (provider) => {
        (provider.Client as unknown as { needsSecret: () => boolean }).needsSecret = () => false;
        provider.Client.prototype.compareClientSecret = compare;
      });
      expect(await ask({}, { client_id: 'machine' })).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      });
      expect(compare).not.toHaveBeenCalled();
    });

    it('turns an OAuth error thrown by the comparison into that answer, headers set on Provider.ctx included', async () => {
      running = await startProvider(withHashes({ client_secret: 'placeholder' }), (provider) => {
        provider.Client.prototype.compareClientSecret = async () => {
          Provider.ctx?.set('retry-after', '7');
          throw Object.assign(new errors.CustomOIDCProviderError('temporarily_unavailable'), {
            statusCode: 429,
            status: 429,
          });
        };
      });
      const answer = await ask(asClient('machine', 'x'));
      expect(answer).toMatchObject({ status: 429, body: { error: 'temporarily_unavailable' } });
      expect(answer.headers.get('retry-after')).toBe('7');
    });
  });

  it('takes client_secret_basic and client_secret_post for either registration', async () => {
    running = await startProvider();
    const form = { grant_type: 'refresh_token', refresh_token: 'x' };
    expect((await running.post('/token', form, asClient('web'))).body.error).toBe('invalid_grant');
    const posted = { ...form, client_id: 'web', client_secret: 'web-secret' };
    expect((await running.post('/token', posted)).body.error).toBe('invalid_grant');
  });

  it('looks a stored client up once per request and keeps the instance while the stored metadata is the same', async () => {
    running = await startProvider();
    const first = await running.provider.Client.find('web');
    expect(await running.provider.Client.find('web')).toBe(first);
    Object.assign(running.store.rows.get('Client:web')!, { client_name: 'renamed' });
    expect(await running.provider.Client.find('web')).not.toBe(first);
    const from = running.store.calls.length;
    await running.refresh('nothing');
    expect(running.store.trail(from).filter((call) => call === 'find Client')).toHaveLength(1);
  });

  it('answers 401 with a Basic challenge only when credentials came in the Authorization header (RFC 6749 §5.2)', async () => {
    running = await startProvider();
    const basic = await running.refresh('x', asClient('web', 'wrong'));
    expect(basic.headers.get('www-authenticate')).toMatch(/^Basic /);
    const posted = await running.post('/token', {
      grant_type: 'refresh_token',
      client_id: 'web',
      client_secret: 'no',
    });
    expect([posted.status, posted.headers.get('www-authenticate')]).toEqual([401, null]);
  });

  describe('private_key_jwt', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const client = {
      client_id: 'robot',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'r1', alg: 'ES256' }] },
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    };
    const robot = (extra: Configuration = {}): Promise<RunningProvider> =>
      startProvider({
        clients: [client] as never,
        clientAuthMethods: ['private_key_jwt'],
        features: { clientCredentials: { enabled: true } },
        ...extra,
      });
    const assertion = (claims: Record<string, unknown>) =>
      new SignJWT({ iss: 'robot', sub: 'robot', jti: randomUUID(), aud: running.url, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'r1' })
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(pair.privateKey);
    const present = async (jwt: string) =>
      ask(
        {},
        {
          client_assertion: jwt,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        },
      );

    it('accepts issuer, token URL or an array holding one of them as audience by itself', async () => {
      running = await robot();
      for (const aud of [running.url, `${running.url}/token`, ['https://elsewhere.test', running.url]]) {
        expect(await present(await assertion({ aud }))).toMatchObject({ status: 200 });
      }
    });

    it('lets assertJwtClientAuthClaimsAndHeader refuse what it would accept, before the assertion is remembered', async () => {
      running = await robot({
        assertJwtClientAuthClaimsAndHeader: async (ctx, claims) => {
          if (claims['aud'] !== ctx.oidc.issuer)
            throw new errors.InvalidClientAuth('audience must be the issuer');
        },
      });
      const refused = await present(await assertion({ aud: `${running.url}/token` }));
      expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client']);
      expect(running.store.trail()).not.toContain('find ReplayDetection');
      expect((await present(await assertion({}))).status).toBe(200);
    });

    it('answers 500 when that hook throws anything but an OAuth error', async () => {
      running = await robot({
        assertJwtClientAuthClaimsAndHeader: async () => {
          throw new TypeError('not an OAuth error');
        },
      });
      expect(await present(await assertion({}))).toMatchObject({
        status: 500,
        body: { error: 'server_error' },
      });
    });

    it('lets the same assertion pass twice at once when storage only finds and saves', async () => {
      running = await robot();
      running.store.before['upsert ReplayDetection'] = () =>
        new Promise((resolve) => setTimeout(resolve, 30));
      const jwt = await assertion({});
      const statuses = (await Promise.all([present(jwt), present(jwt)])).map(({ status }) => status);
      expect(statuses).toEqual([200, 200]);
      expect((await present(jwt)).status).toBe(401);
    });

    it('turns an OAuth error thrown when the assertion is saved into that answer', async () => {
      running = await robot();
      running.store.before['upsert ReplayDetection'] = () => {
        throw new errors.InvalidClientAuth('replay');
      };
      expect(await present(await assertion({}))).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      });
    });
  });
});
