import { asClient, type RunningProvider, startProvider } from './oidc-provider-under-test.js';

type TokenFields = Record<string, unknown> & { format?: string };
type Model = { prototype: { generateTokenId(this: TokenFields): string } };

describe('oidc-provider, the values of tokens', () => {
  let running: RunningProvider;
  afterEach(() => running.close());

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
});
