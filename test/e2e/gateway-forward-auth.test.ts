import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { freePort } from '../support/ports.js';
import { type FirstRunData, type RunningServer, startServer } from '../support/server.js';

const orders = {
  'x-forwarded-method': 'GET',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'orders.example.test',
};

describe('forward-auth on the first-run routes', () => {
  let database: TestDatabase;
  let server: RunningServer;
  let data: FirstRunData;
  let gateways: readonly RunningGateway[];

  const post = async (path: string, form: Record<string, string>, client: 'service' | 'api') => {
    const { client_id, client_secret } = data.clients[client];
    const response = await fetch(`${server.issuer}${path}`, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}` },
    });
    const text = await response.text();
    return text ? JSON.parse(text) : undefined;
  };
  const newToken = async (): Promise<string> =>
    (await post('/token', { grant_type: 'client_credentials' }, 'service')).access_token;
  const ask = (token: string | undefined, headers: Record<string, string> = {}, gateway = gateways[0]!) =>
    fetch(`${gateway.url}/forward-auth`, {
      headers: {
        ...orders,
        'x-forwarded-uri': '/orders/7',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
    });

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startServer({
      databaseUrl: database.url,
      settings: { CURFEW_CALLBACK_PORT: String(await freePort()) },
    });
    data = await server.firstRunData();
    gateways = await Promise.all([startGateway(server), startGateway(server)]);
  }, 60_000);

  afterAll(async () => {
    await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
    await server?.stop();
    await database?.drop();
  });

  it('lets a good token pass and says whose it is', async () => {
    const answer = await ask(await newToken());
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(answer.headers.get('x-curfew-client')).toBe(data.clients.service.client_id);
    expect(answer.headers.get('x-curfew-subject')).toBe('');
  });

  it('takes the request from X-Original-URL just as well', async () => {
    const token = await newToken();
    const answer = await fetch(`${gateways[0]!.url}/forward-auth`, {
      headers: {
        'x-original-method': 'GET',
        'x-original-url': 'https://orders.example.test/orders?page=2',
        authorization: `Bearer ${token}`,
      },
    });
    expect(answer.status).toBe(200);
  });

  it('challenges a request without a token, and names no error', async () => {
    const answer = await ask(undefined);
    expect(answer.status).toBe(401);
    const metadata = 'https://orders.example.test/.well-known/oauth-protected-resource';
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="orders", resource_metadata="${metadata}", DPoP realm="orders", resource_metadata="${metadata}", algs="ES256 EdDSA Ed25519"`,
    );
  });

  it('refuses a token that was never one', async () => {
    const answer = await ask('cfw_at_nonsense');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="orders", error="invalid_token"/);
    // RFC 9449 §7.2: the scheme that was not tried is offered, and has not failed.
    expect(answer.headers.get('www-authenticate')).toMatch(
      /", DPoP realm="orders", resource_metadata="[^"]+", algs="ES256 EdDSA Ed25519"$/,
    );
  });

  it('denies at once, on every gateway, after a token was revoked', async () => {
    const token = await newToken();
    for (const gateway of gateways) expect((await ask(token, {}, gateway)).status).toBe(200);
    await post('/revocation', { token }, 'service');
    const acknowledged = performance.now();
    const denied = gateways.map(async (gateway) => {
      while ((await ask(token, {}, gateway)).status !== 401);
      return performance.now() - acknowledged;
    });
    for (const took of await Promise.all(denied)) expect(took).toBeLessThan(1_000);
  });

  it('lets nobody pass on a route it does not know', async () => {
    const answer = await ask(await newToken(), { 'x-forwarded-host': 'elsewhere.example.test' });
    expect(answer.status).toBe(403);
  });

  it('denies with 503 when nobody can say whether the token is good', async () => {
    const token = await newToken();
    expect((await ask(token)).status).toBe(200);
    await server.kill();
    const killed = performance.now();
    let last = 0;
    while (performance.now() - killed < 4_000) {
      const asked = performance.now();
      const { status } = await ask(token);
      if (status === 200) last = asked - killed;
      else expect(status).toBe(503);
    }
    expect(last).toBeLessThan(2_000);
  }, 20_000);
});
