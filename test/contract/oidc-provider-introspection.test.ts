import type { AccessToken } from 'oidc-provider';
import { asClient, type RunningProvider, startProvider } from './oidc-provider-under-test.js';

describe('oidc-provider, introspection and revocation', () => {
  let running: RunningProvider;
  afterEach(() => running.close());
  const introspect = (token: string, headers = asClient('web'), extra = {}) =>
    running.post('/token/introspection', { token, ...extra }, headers);

  it('finds the token in all models at once, then its grant, then asks allowedPolicy with ctx, client and token', async () => {
    const seen: unknown[] = [];
    running = await startProvider({
      features: {
        introspection: {
          enabled: true,
          allowedPolicy: async (ctx, client, token) => {
            seen.push([
              ctx.oidc.route,
              client.clientId,
              token.kind,
              ctx.oidc.entities.Grant?.jti === (token as AccessToken).grantId,
            ]);
            return true;
          },
        },
      },
    });
    const { body } = await running.signIn();
    const from = running.store.calls.length;
    expect((await introspect(body.access_token)).body).toMatchObject({
      active: true,
      client_id: 'web',
      sub: 'alice',
      iss: running.url,
      token_type: 'Bearer',
      scope: 'openid offline_access',
    });
    expect(running.store.trail(from)).toEqual([
      'find Client',
      'find AccessToken',
      'find RefreshToken',
      'find Grant',
    ]);
    expect(seen).toEqual([['introspection', 'web', 'AccessToken', true]]);
  });

  it('looks first where token_type_hint says and then everywhere', async () => {
    running = await startProvider();
    const { body } = await running.signIn();
    const from = running.store.calls.length;
    expect(
      (await introspect(body.access_token, asClient('web'), { token_type_hint: 'refresh_token' })).body
        .active,
    ).toBe(true);
    expect(running.store.trail(from).slice(1, 3)).toEqual(['find RefreshToken', 'find AccessToken']);
  });

  it('answers exactly {"active":false} when the policy says no or the grant is gone, expired or of another account', async () => {
    let allowed = false;
    running = await startProvider({
      features: { introspection: { enabled: true, allowedPolicy: async () => allowed } },
    });
    const { body } = await running.signIn();
    expect((await introspect(body.access_token)).body).toEqual({ active: false });
    allowed = true;
    expect((await introspect(body.access_token)).body.active).toBe(true);
    const grant = running.store.of('Grant')[0]!;
    for (const change of [{ exp: 1 }, { accountId: 'bob' }, { clientId: 'other' }]) {
      const before = { ...grant };
      Object.assign(grant, change);
      expect((await introspect(body.access_token)).body).toEqual({ active: false });
      Object.assign(grant, before);
    }
    running.store.rows.delete(`Grant:${grant.jti}`);
    expect((await introspect(body.access_token)).body).toEqual({ active: false });
  });

  it('lets any confidential client introspect any token by default (T13)', async () => {
    running = await startProvider();
    const { body } = await running.signIn();
    expect((await introspect(body.access_token, asClient('other'))).body.active).toBe(true);
  });

  it('does not ask findAccount: the token of a disabled account stays active (T12)', async () => {
    let known = true;
    running = await startProvider({
      findAccount: (_ctx, sub) => (known ? { accountId: sub, claims: () => ({ sub }) } : undefined),
    });
    const { body } = await running.signIn();
    known = false;
    expect((await introspect(body.access_token)).body.active).toBe(true);
    expect((await introspect(body.refresh_token)).body.active).toBe(true);
  });

  it('merges what extraTokenClaims answered at issue into the response, below its own fields', async () => {
    running = await startProvider({
      extraTokenClaims: async () => ({ acr: 'x', active: 'no', client_id: 'forged' }),
    });
    const { body } = await running.signIn();
    expect((await introspect(body.access_token)).body).toMatchObject({
      acr: 'x',
      active: true,
      client_id: 'web',
    });
  });

  it('calls find of the adapter for whatever string is presented, so the adapter has to judge its form', async () => {
    running = await startProvider();
    const from = running.store.calls.length;
    expect((await introspect("'; drop table session; --")).body).toEqual({ active: false });
    expect(running.store.calls.slice(from).filter(({ id }) => id.startsWith("'"))).toHaveLength(2);
  });

  it('requires authentication and POST, and 401s without it', async () => {
    running = await startProvider();
    expect((await running.post('/token/introspection', { token: 'x', client_id: 'web' })).status).toBe(401);
    expect((await fetch(`${running.url}/token/introspection?token=x`)).status).toBe(404);
  });

  it('answers 500 on revocation when storage fails, never 200', async () => {
    running = await startProvider();
    const { body } = await running.signIn();
    running.store.before['destroy Grant'] = () => {
      throw new Error('database is away');
    };
    const answer = await running.post('/token/revocation', { token: body.refresh_token }, asClient('web'));
    expect(answer).toMatchObject({ status: 500, body: { error: 'server_error' } });
    expect(running.errors.map(({ message }) => message)).toEqual(['database is away']);
  });

  it('refuses to revoke the token of another client: an error for a confidential caller, silence for a public one', async () => {
    running = await startProvider();
    const { body } = await running.signIn();
    const revoke = (headers: Record<string, string>, extra = {}) =>
      running.post('/token/revocation', { token: body.refresh_token, ...extra }, headers);
    expect(await revoke(asClient('other'))).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
    expect((await revoke({}, { client_id: 'spa' })).status).toBe(200);
    expect((await running.refresh(body.refresh_token)).status).toBe(200);
  });
});
