import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose';
import Provider, { type Configuration, ExternalSigningKey } from 'oidc-provider';
import {
  asClient,
  CLIENTS,
  REDIRECT_URI,
  type RunningProvider,
  startProvider,
} from './oidc-provider-under-test.js';

const PATHS = {
  introspection: '/token/introspection',
  revocation: '/token/revocation',
  device: '/device/auth',
  par: '/request',
  logout: '/session/end',
};

describe('oidc-provider, what is on and off unless said otherwise (T15)', () => {
  let running: RunningProvider;
  afterEach(() => running.close());
  const start = (extra: Configuration = {}) =>
    startProvider({ ...extra, features: { introspection: {}, revocation: {}, ...extra.features } as never });
  const exists = async (path: string, method = 'POST') =>
    (
      await fetch(running.url + path, {
        method,
        redirect: 'manual',
        ...(method === 'POST' ? { body: new URLSearchParams() } : {}),
      })
    ).status !== 404;

  it('has no introspection, revocation or device endpoint, but pushed authorization requests, userinfo and logout', async () => {
    running = await start();
    expect(await exists(PATHS.introspection)).toBe(false);
    expect(await exists(PATHS.revocation)).toBe(false);
    expect(await exists(PATHS.device)).toBe(false);
    expect(await exists(PATHS.par)).toBe(true);
    expect(await exists('/me')).toBe(true);
    expect(await exists(PATHS.logout, 'GET')).toBe(true);
  });

  it('takes neither POST at the authorization endpoint nor client_credentials', async () => {
    running = await start();
    expect(await exists('/auth')).toBe(false);
    const grant = await running.post('/token', { grant_type: 'client_credentials' }, asClient('web'));
    expect(grant.body.error).toBe('unsupported_grant_type');
  });

  it('takes POST at the authorization endpoint with enableHttpPostMethods, if the session cookie may come along', async () => {
    running = await start({
      enableHttpPostMethods: true,
      cookies: { keys: ['x'], long: { sameSite: 'none' } },
    });
    expect(await exists('/auth')).toBe(true);
  });

  it('asks only public clients for PKCE', async () => {
    running = await start();
    const plain = { response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid' };
    const ask = async (client_id: string) =>
      (
        await fetch(`${running.url}/auth?${new URLSearchParams({ ...plain, client_id })}`, {
          redirect: 'manual',
        })
      ).headers.get('location');
    expect(await ask('spa')).toContain('error=invalid_request');
    expect(await ask('web')).toContain('/interaction/');
  });

  it('refuses the plain method of PKCE, also by omission', async () => {
    running = await start();
    for (const code_challenge_method of ['plain', '']) {
      const { redirect } = await running.authorize({ client_id: 'spa', code_challenge_method });
      expect(redirect.searchParams.get('error')).toBe('invalid_request');
    }
  });

  it('offers implicit and hybrid response types besides code', async () => {
    running = await start({ responseTypes: undefined as never });
    const document = await (await fetch(`${running.url}/.well-known/openid-configuration`)).json();
    expect(document.response_types_supported.toSorted()).toEqual([
      'code',
      'code id_token',
      'id_token',
      'none',
    ]);
  });

  it('publishes its metadata at the paths of OpenID Connect and of RFC 8414, neither knowing the path of an issuer', async () => {
    running = await start();
    expect(await exists('/.well-known/openid-configuration', 'GET')).toBe(true);
    expect(await exists('/.well-known/oauth-authorization-server', 'GET')).toBe(true);
    expect(await exists('/.well-known/oauth-authorization-server/tenant', 'GET')).toBe(false);
  });

  it('lets a client with one registered redirect URI leave it out', async () => {
    running = await start();
    const parameters = new URLSearchParams({ client_id: 'web', response_type: 'code', scope: 'openid' });
    const response = await fetch(`${running.url}/auth?${parameters}`, { redirect: 'manual' });
    expect(response.headers.get('location')).toContain('/interaction/');
  });

  it('defaults to RS256 for ID tokens, so without an RSA key clients need clientDefaults or they do not load', async () => {
    running = await start({ clientDefaults: {} });
    expect((await running.refresh('x')).body.error).toBe('invalid_client_metadata');
  });

  it('finds a static client before the adapter is asked, and refuses metadata it does not know', async () => {
    running = await start({ clients: [{ ...CLIENTS[0]!, unknown_thing: 1 }] as never });
    const client = await running.provider.Client.find('web');
    expect(client).not.toHaveProperty('unknown_thing');
  });
});

describe('oidc-provider, signing keys', () => {
  let running: RunningProvider;
  afterEach(() => running.close());

  class Key extends ExternalSigningKey {
    signatures = 0;
    readonly pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    constructor(readonly name: string) {
      super();
    }
    override get kid(): string {
      return this.name;
    }
    override get alg(): string {
      return 'ES256';
    }
    override keyObject(): KeyObject {
      return this.pair.publicKey;
    }
    override sign(data: Uint8Array): Uint8Array {
      this.signatures += 1;
      return sign('sha256', data, { key: this.pair.privateKey, dsaEncoding: 'ieee-p1363' });
    }
  }
  const external = { externalSigningSupport: { enabled: true, ack: 'experimental-01' } };

  it('takes ExternalSigningKey from its root export, signs with the first key of an algorithm and publishes all in order', async () => {
    const keys = [new Key('active'), new Key('upcoming')];
    running = await startProvider({ jwks: { keys }, features: external });
    const { body } = await running.signIn();
    expect(decodeProtectedHeader(body.id_token)).toEqual({ alg: 'ES256', kid: 'active' });
    await expect(compactVerify(body.id_token, keys[0]!.pair.publicKey)).resolves.toBeDefined();
    expect(keys.map(({ signatures }) => signatures)).toEqual([1, 0]);
    const published = await (await fetch(`${running.url}/jwks`)).json();
    expect(published.keys.map(({ kid }: { kid: string }) => kid)).toEqual(['active', 'upcoming']);
    expect(JSON.stringify(published)).not.toContain('"d"');
  });

  it('takes an id_token_hint signed with any key of the set, also one that signs no more', async () => {
    const retired = new Key('retired');
    running = await startProvider({ jwks: { keys: [new Key('active'), retired] }, features: external });
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const data = `${part({ alg: 'ES256', kid: 'retired' })}.${part({ iss: running.url, aud: 'web', sub: 'alice', iat: 1, exp: 2 })}`;
    const hint = `${data}.${Buffer.from(retired.sign(Buffer.from(data))).toString('base64url')}`;
    const response = await fetch(`${running.url}/session/end?id_token_hint=${hint}`);
    expect(response.status).toBe(200);
    const forged = await fetch(`${running.url}/session/end?id_token_hint=${hint.slice(0, -8)}AAAAAAAA`, {
      headers: { accept: 'application/json' },
    });
    expect([forged.status, (await forged.json()).error]).toEqual([400, 'invalid_request']);
  });

  it('reads jwks once at construction: there is no way to add a key later, so a new set is a new Provider', async () => {
    const jwks = { keys: [new Key('first')] };
    running = await startProvider({ jwks, features: external });
    jwks.keys.push(new Key('second'));
    expect((await (await fetch(`${running.url}/jwks`)).json()).keys).toHaveLength(1);
  });

  it('lets two Providers with the same adapter and cookie keys finish what the other began', async () => {
    running = await startProvider({ jwks: { keys: [new Key('old')] }, features: external });
    const { code, verifier } = await running.authorize();
    const successor = new Provider(running.url, {
      adapter: running.store.adapter,
      jwks: { keys: [new Key('new')] } as never,
      clientDefaults: { id_token_signed_response_alg: 'ES256' },
      cookies: { keys: ['contract-test-cookie-key'] },
      findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
      features: { devInteractions: { enabled: false }, ...external },
    });
    const server = (await import('node:http')).createServer(successor.callback());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const form = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: REDIRECT_URI,
    };
    const response = await fetch(`http://127.0.0.1:${port}/token`, {
      method: 'POST',
      headers: asClient('web'),
      body: new URLSearchParams(form),
    });
    expect(decodeProtectedHeader((await response.json()).id_token).kid).toBe('new');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('puts auth_time into ID tokens only when it was asked for, by max_age or by the client', async () => {
    running = await startProvider();
    const claimsOf = async (extra: Record<string, string>) => {
      const { body } = await running.signIn(extra);
      return Object.keys(decodeJwt(body.id_token)).sort();
    };
    const plain = ['aud', 'exp', 'iat', 'iss', 'nonce', 'sub'];
    expect(await claimsOf({ nonce: 'n-1' })).toEqual(plain);
    expect(await claimsOf({ nonce: 'n-1', max_age: '60' })).toEqual([...plain, 'auth_time'].sort());
  });
});
