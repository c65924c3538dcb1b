import { decodeJwt, decodeProtectedHeader } from 'jose';
import { type Configuration, Provider } from 'oidc-provider';
import { asClient, RESOURCE, type RunningProvider, startProvider } from './oidc-provider-under-test.js';

type TokenFields = Record<string, unknown> & { format?: string };
type Model = { prototype: { generateTokenId(this: TokenFields): string } };

const resources = (accessTokenFormat: string): Configuration => ({
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => undefined as never,
      useGrantedResource: async () => true,
      getResourceServerInfo: async () =>
        ({
          scope: 'orders:read',
          audience: RESOURCE,
          accessTokenFormat,
          jwt: { sign: { alg: 'ES256' } },
        }) as never,
    },
  },
});

describe('oidc-provider, the values of tokens', () => {
  let running: RunningProvider;
  afterEach(() => running.close());

  it('asks RefreshToken.prototype.generateTokenId for a value that is both stored id and handed-out token', async () => {
    const seen: TokenFields[] = [];
    running = await startProvider({}, (provider) => {
      (provider.RefreshToken as unknown as Model).prototype.generateTokenId = function () {
        seen.push({ ...this, ctxRoute: Provider.ctx?.oidc.route });
        return `cfw_rt_${seen.length}`;
      };
    });
    const { body } = await running.signIn();
    expect(body.refresh_token).toBe('cfw_rt_1');
    expect(running.store.rows.has('RefreshToken:cfw_rt_1')).toBe(true);
    expect((await running.refresh('cfw_rt_1')).body.refresh_token).toBe('cfw_rt_2');
    expect(seen[1]).toMatchObject({
      kind: 'RefreshToken',
      accountId: 'alice',
      clientId: 'web',
      grantId: running.store.of('Grant')[0]!.jti,
      scope: 'openid offline_access',
      rotations: 1,
      ctxRoute: 'token',
    });
    expect(Object.keys(seen[1]!)).not.toEqual(expect.arrayContaining(['iat']));
    expect(Object.keys(seen[1]!)).not.toEqual(expect.arrayContaining(['exp']));
  });

  it('calls AccessToken.prototype.generateTokenId with everything but iat, exp and extra; it has to set the format', async () => {
    const seen: TokenFields[] = [];
    running = await startProvider({}, (provider) => {
      (provider.AccessToken as unknown as Model).prototype.generateTokenId = function () {
        seen.push({ ...this });
        this.format = 'opaque';
        return 'cfw_at_1';
      };
    });
    const { body } = await running.signIn();
    expect(body.access_token).toBe('cfw_at_1');
    expect(running.store.rows.has('AccessToken:cfw_at_1')).toBe(true);
    expect(seen[0]).toMatchObject({
      kind: 'AccessToken',
      accountId: 'alice',
      gty: 'authorization_code',
      scope: 'openid offline_access',
    });
    expect(Object.keys(seen[0]!)).not.toEqual(expect.arrayContaining(['iat']));
    expect(Object.keys(seen[0]!)).not.toEqual(expect.arrayContaining(['exp']));
  });

  it('fails with 500 when an overridden generateTokenId of an access token leaves the format unset', async () => {
    running = await startProvider({}, (provider) => {
      (provider.AccessToken as unknown as Model).prototype.generateTokenId = () => 'x';
    });
    expect((await running.signIn()).status).toBe(500);
  });

  it('honours iat and exp that generateTokenId sets, in storage and introspection', async () => {
    const iat = Math.floor(Date.now() / 1000) - 1;
    running = await startProvider({}, (provider) => {
      (provider.AccessToken as unknown as Model).prototype.generateTokenId = function () {
        Object.assign(this, { format: 'opaque', iat, exp: iat + 333 });
        return 'sealed';
      };
    });
    await running.signIn();
    expect(running.store.rows.get('AccessToken:sealed')).toMatchObject({ iat, exp: iat + 333 });
  });

  it('lets the adapter answer find for a token it never stored, from what the token itself says', async () => {
    running = await startProvider({}, (provider, store) => {
      (provider.AccessToken as unknown as Model).prototype.generateTokenId = function () {
        this.format = 'opaque';
        return 'sealed';
      };
      const row = {
        kind: 'AccessToken',
        jti: 'x',
        clientId: 'web',
        iat: 1,
        exp: Math.floor(Date.now() / 1000) + 60,
      };
      store.rows.set('AccessToken:made-elsewhere', { ...row, scope: 'openid' });
    });
    const { body } = await running.post('/token/introspection', { token: 'made-elsewhere' }, asClient('web'));
    expect(body).toMatchObject({ active: true, client_id: 'web', scope: 'openid' });
  });

  it('asks ClientCredentials.prototype.generateTokenId in the same way, with client and audience', async () => {
    const seen: TokenFields[] = [];
    running = await startProvider(
      {
        ...resources('opaque'),
        clients: [
          {
            client_id: 'm',
            client_secret: 'm-secret',
            grant_types: ['client_credentials'],
            response_types: [],
            redirect_uris: [],
          },
        ] as never,
      },
      (provider) => {
        (provider.ClientCredentials as unknown as Model).prototype.generateTokenId = function () {
          seen.push({ ...this });
          this.format = 'opaque';
          return 'cfw_at_cc';
        };
      },
    );
    const form = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'orders:read' };
    expect((await running.post('/token', form, asClient('m'))).body.access_token).toBe('cfw_at_cc');
    expect(seen[0]).toMatchObject({
      kind: 'ClientCredentials',
      clientId: 'm',
      aud: RESOURCE,
      scope: 'orders:read',
    });
  });

  it('keeps the bearer value in clear as jti in every stored payload (T6)', async () => {
    running = await startProvider();
    const { body } = await running.signIn();
    expect(running.store.rows.get(`RefreshToken:${body.refresh_token}`)!.jti).toBe(body.refresh_token);
    expect(running.store.rows.get(`AccessToken:${body.access_token}`)!.jti).toBe(body.access_token);
    for (const model of ['Session', 'AuthorizationCode', 'Interaction', 'Grant']) {
      for (const [key, row] of running.store.rows) {
        if (key.startsWith(`${model}:`)) expect(key).toBe(`${model}:${row.jti}`);
      }
    }
  });

  it('never gives a JWT access token to the adapter, and makes it of iss, aud, sub, client_id, iat, exp, jti and extra claims', async () => {
    running = await startProvider({
      ...resources('jwt'),
      extraTokenClaims: async (_ctx, token) => ({ sid: (token as { grantId?: string }).grantId ?? 'none' }),
    });
    const { body } = await running.signIn({ resource: RESOURCE, scope: 'openid offline_access orders:read' });
    expect(running.store.trail()).not.toContain('upsert AccessToken');
    expect(decodeProtectedHeader(body.access_token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' });
    expect(decodeJwt(body.access_token)).toMatchObject({
      iss: running.url,
      aud: RESOURCE,
      sub: 'alice',
      client_id: 'web',
      scope: 'orders:read',
      sid: running.store.of('Grant')[0]!.jti,
      jti: expect.any(String),
    });
  });

  it('refuses to introspect or revoke anything that looks like a JWT (T14)', async () => {
    running = await startProvider(resources('jwt'));
    const { body } = await running.signIn({ resource: RESOURCE, scope: 'openid orders:read' });
    for (const path of ['/token/introspection', '/token/revocation']) {
      const answer = await running.post(path, { token: body.access_token }, asClient('web'));
      expect(answer).toMatchObject({ status: 400, body: { error: 'unsupported_token_type' } });
    }
  });

  it('calls ttl functions synchronously with ctx, token and client, and takes only positive integers', async () => {
    const calls: unknown[][] = [];
    const ttl = (
      ctx: { oidc: { route: string } } | undefined,
      token: { kind: string },
      client: { clientId: string },
    ) => {
      calls.push([token.kind, ctx?.oidc.route, client?.clientId]);
      return 300;
    };
    running = await startProvider({
      ttl: {
        AccessToken: ttl,
        RefreshToken: ttl,
        AuthorizationCode: ttl,
        Grant: 600,
        IdToken: 60,
        Session: 60,
        Interaction: 60,
      } as never,
    });
    const { body } = await running.signIn();
    expect(body.expires_in).toBe(300);
    expect(calls).toContainEqual(['RefreshToken', 'token', 'web']);
    expect(calls).toContainEqual(['AuthorizationCode', 'resume', 'web']);
    for (const bad of [0, -1, 1.5, Number.NaN, Promise.resolve(300)]) {
      const other = await startProvider({ ttl: { AccessToken: () => bad } as never });
      expect((await other.signIn()).status).toBe(500);
      await other.close();
    }
  });

  it('takes the lifetime from accessTokenTTL of the resource only through the default ttl function', async () => {
    const short = resources('opaque');
    const info = {
      scope: 'orders:read',
      audience: RESOURCE,
      accessTokenFormat: 'opaque',
      accessTokenTTL: 111,
    };
    Object.assign(short.features!.resourceIndicators!, { getResourceServerInfo: async () => info });
    running = await startProvider({
      ...short,
      ttl: {
        AccessToken: (_ctx: unknown, token: { resourceServer?: { accessTokenTTL?: number } }) =>
          token.resourceServer?.accessTokenTTL ?? 600,
      } as never,
    });
    const { body } = await running.signIn({ resource: RESOURCE, scope: 'openid orders:read' });
    expect(body.expires_in).toBe(111);
  });

  it('reads the clock with Date.now alone: moving it moves expiry', async () => {
    running = await startProvider();
    const { body } = await running.signIn();
    const real = Date.now;
    try {
      Date.now = () => real() + 601_000 + 15_000;
      expect((await running.refresh(body.refresh_token)).body.error).toBe('invalid_grant');
    } finally {
      Date.now = real;
    }
    expect((await running.refresh(body.refresh_token)).status).toBe(200);
  });

  it('honours a stored exp only to within clockTolerance, but isExpired is exact for refresh tokens', async () => {
    running = await startProvider({ clockTolerance: 15 });
    const { body } = await running.signIn();
    Object.assign(running.store.rows.get(`RefreshToken:${body.refresh_token}`)!, {
      exp: Math.floor(Date.now() / 1000),
    });
    Object.assign(running.store.rows.get(`AccessToken:${body.access_token}`)!, {
      exp: Math.floor(Date.now() / 1000),
    });
    expect((await running.refresh(body.refresh_token)).body.error).toBe('invalid_grant');
    const introspected = await running.post(
      '/token/introspection',
      { token: body.access_token },
      asClient('web'),
    );
    expect(introspected.body).toEqual({ active: false });
  });
});
