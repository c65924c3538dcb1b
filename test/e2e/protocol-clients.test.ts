import { createHash } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { orders, ProtocolWorld, type TestClient } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

describe('openid-client', () => {
  const configured = (client: TestClient, auth?: openid.ClientAuth) =>
    openid.discovery(new URL(world.issuer), client.id, client.secret || undefined, auth, {
      execute: [openid.allowInsecureRequests],
    });

  /** The whole code flow as a relying party writes it. */
  const signIn = async (
    config: openid.Configuration,
    extra: Record<string, string> = {},
    options: { dpop?: openid.DPoPHandle; pushed?: boolean } = {},
  ) => {
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const [expectedState, expectedNonce] = [openid.randomState(), openid.randomNonce()];
    const parameters = {
      redirect_uri: world.callback,
      scope: 'openid email',
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
      ...extra,
    };
    const address = options.pushed
      ? await openid.buildAuthorizationUrlWithPAR(
          config,
          parameters,
          options.dpop ? { DPoP: options.dpop } : {},
        )
      : openid.buildAuthorizationUrl(config, parameters);
    const { url } = await world.person().follow(address.href);
    return openid.authorizationCodeGrant(
      config,
      url,
      { pkceCodeVerifier, expectedState, expectedNonce },
      undefined,
      options.dpop ? { DPoP: options.dpop } : {},
    );
  };

  it.each([
    ['client_secret_basic', 'web', openid.ClientSecretBasic],
    ['client_secret_post', 'web', openid.ClientSecretPost],
  ] as const)('signs in, reads the person, refreshes and revokes with %s', async (_, name, method) => {
    const client = world.clients[name];
    const config = await configured(client, method(client.secret));
    const tokens = await signIn(config);
    const sub = tokens.claims()!.sub;
    expect(await openid.fetchUserInfo(config, tokens.access_token, sub)).toMatchObject({
      sub,
      email: world.data.accounts[0]!.username,
    });
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token!);
    expect(refreshed.claims()!.sub).toBe(sub);
    await openid.tokenRevocation(config, refreshed.refresh_token!);
    await expect(openid.refreshTokenGrant(config, refreshed.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(openid.fetchUserInfo(config, refreshed.access_token, sub)).rejects.toMatchObject({
      status: 401,
    });
  });

  it.each(['spa', 'eddsa', 'rs256', 'other'] as const)('signs in as client %s', async (name) => {
    const tokens = await signIn(
      await configured(world.clients[name], world.clients[name].secret ? undefined : openid.None()),
    );
    expect(tokens.claims()).toMatchObject({ iss: world.issuer, aud: world.clients[name].id });
  });

  it('pushes its requests', async () => {
    const tokens = await signIn(await configured(world.clients.pushed), {}, { pushed: true });
    expect(tokens.claims()!.sub).toEqual(expect.any(String));
  });

  it('binds its tokens with DPoP, answering to nonces', async () => {
    const config = await configured(world.clients.bound, openid.None());
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
    const tokens = await signIn(config, {}, { dpop: DPoP });
    expect(tokens.token_type).toBe('dpop');
    await openid.fetchUserInfo(config, tokens.access_token, tokens.claims()!.sub, { DPoP });
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token!, {}, { DPoP });
    expect(refreshed.token_type).toBe('dpop');
    await expect(openid.refreshTokenGrant(config, refreshed.refresh_token!)).rejects.toThrow();
  });

  it('signs in on a device', async () => {
    const config = await configured(world.clients.tv, openid.None());
    const started = await openid.initiateDeviceAuthorization(config, { scope: 'openid' });
    const waiting = openid.pollDeviceAuthorizationGrant(config, started);
    await world.person().follow(started.verification_uri_complete!);
    expect((await waiting).claims()!.sub).toEqual(expect.any(String));
  });

  it('asks for an API and has its token introspected there', async () => {
    const tokens = await signIn(await configured(world.clients.web), {
      resource: orders,
      scope: 'openid orders:read',
    });
    const api = await configured(world.clients.api);
    expect(await openid.tokenIntrospection(api, tokens.access_token)).toMatchObject({
      active: true,
      aud: orders,
      scope: 'orders:read',
    });
  });

  it('authenticates as a machine, and signs out', async () => {
    const service = await configured(
      world.clients.service,
      openid.ClientSecretPost(world.clients.service.secret),
    );
    expect(await openid.clientCredentialsGrant(service, { resource: orders })).toMatchObject({
      token_type: 'bearer',
      expires_in: expect.any(Number),
    });
    const web = await configured(world.clients.web);
    const tokens = await signIn(web);
    const address = openid.buildEndSessionUrl(web, {
      id_token_hint: tokens.id_token!,
      post_logout_redirect_uri: `${world.callback}/out`,
    });
    expect((await world.get(address.pathname + address.search, { accept: 'text/html' })).status).toBe(200);
  });
});

describe('oauth4webapi', () => {
  const insecure = { [oauth.allowInsecureRequests]: true } as const;
  const server = async () => {
    const issuer = new URL(world.issuer);
    return oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }),
    );
  };
  const robotKey = async (): Promise<oauth.PrivateKey> => {
    const jwk = world.clients.robot.key.export({ format: 'jwk' });
    const key = await crypto.subtle.importKey(
      'jwk',
      jwk as JsonWebKey,
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    );
    return { key, kid: 'robot-1' };
  };

  it('finds the service by RFC 8414 and authenticates by private_key_jwt', async () => {
    const as = await server();
    const client = { client_id: world.clients.robot.id };
    const auth = oauth.PrivateKeyJwt(await robotKey());
    const response = await oauth.clientCredentialsGrantRequest(
      as,
      client,
      auth,
      new URLSearchParams({ resource: orders }),
      insecure,
    );
    const result = await oauth.processClientCredentialsResponse(as, client, response);
    expect(result).toMatchObject({ token_type: 'bearer', access_token: expect.stringMatching(/^cfw_at_/) });
    const revoked = await oauth.revocationRequest(
      as,
      client,
      oauth.PrivateKeyJwt(await robotKey()),
      result.access_token,
      insecure,
    );
    expect(await oauth.processRevocationResponse(revoked)).toBeUndefined();
    const api = { client_id: world.clients.api.id };
    const asked = await oauth.introspectionRequest(
      as,
      api,
      oauth.ClientSecretBasic(world.clients.api.secret),
      result.access_token,
      insecure,
    );
    expect(await oauth.processIntrospectionResponse(as, api, asked)).toEqual({ active: false });
  });

  it('checks state, iss and PKCE of the code flow, and the ID token by the published keys', async () => {
    const as = await server();
    const client = { client_id: world.clients.spa.id };
    const verifier = oauth.generateRandomCodeVerifier();
    const { page } = await world.authorize(world.clients.spa, {
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      nonce: 'n-1',
    });
    const parameters = oauth.validateAuthResponse(as, client, page.url, 'xyz');
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      oauth.None(),
      parameters,
      world.callback,
      verifier,
      insecure,
    );
    const result = await oauth.processAuthorizationCodeResponse(as, client, response, {
      expectedNonce: 'n-1',
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(as, response, insecure);
    expect(oauth.getValidatedIdTokenClaims(result)).toMatchObject({
      iss: world.issuer,
      aud: client.client_id,
    });
  });
});
