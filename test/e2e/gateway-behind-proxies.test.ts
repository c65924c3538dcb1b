import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { isInstalled, type OtherProxy, otherProxies, startOtherProxy } from '../support/other-proxies.js';
import { proofKey } from '../support/proof-key.js';
import { smuggle, smugglings } from '../support/smuggling.js';
import { type Seen, send, startUpstream, type Upstream, upgrade } from '../support/upstream.js';
import { orders, ProtocolWorld } from './protocol-world.js';

const form: Readonly<Record<string, string>> = {
  nginx: 'x-original',
  haproxy: 'x-forwarded',
  caddy: 'x-forwarded',
  traefik: 'x-forwarded',
  envoy: 'itself',
};
const hostName = 'orders.example.test';

let world: ProtocolWorld;
let upstream: Upstream;
let folder: string;

beforeAll(async () => {
  world = await ProtocolWorld.start();
  upstream = await startUpstream();
  folder = await mkdtemp(join(tmpdir(), 'curfew-behind-'));
  await writeFile(join(folder, 'secret'), world.clients.api.secret);
}, 60_000);
afterAll(async () => {
  await upstream?.stop();
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const routesFor = (name: string) => `
proxies: [127.0.0.1]
forwarded: [${form[name]}]
apis:
  orders: { audience: ${orders}, clientId: ${world.clients.api.id}, clientSecretFile: secret }
routes:
  - { name: open, hosts: [${hostName}], schemes: [http], path: /open/**, public: true }
  - { name: writing, hosts: [${hostName}], schemes: [http], methods: [POST, DELETE], api: orders, scopes: ['orders:write'] }
  - { name: orders, hosts: [${hostName}], schemes: [http], api: orders }
`;

const signIn = async () =>
  (await world.signIn(world.clients.web, { resource: orders, scope: 'openid orders:read' })).body;

for (const name of otherProxies.filter((one) => !isInstalled(one)))
  describe(`behind ${name}`, () => {
    it.skip(`is not tried here: the program ${name} is not installed`, () => {});
  });

describe.each(otherProxies.filter(isInstalled))('behind %s', (name) => {
  let gateway: RunningGateway;
  let proxy: OtherProxy;
  let token: string;
  let refreshToken: string;

  beforeAll(async () => {
    await writeFile(join(folder, `${name}.yaml`), routesFor(name));
    gateway = await startGateway(world.server, { CURFEW_GATEWAY_ROUTES: join(folder, `${name}.yaml`) });
    proxy = await startOtherProxy(name, {
      gatewayPort: gateway.port,
      upstreamPort: upstream.port,
      host: hostName,
    });
    ({ access_token: token, refresh_token: refreshToken } = await signIn());
  }, 60_000);
  afterAll(async () => {
    await proxy?.stop();
    await gateway?.stop();
  });

  const ask = (
    path: string,
    headers: Record<string, string | string[]> = {},
    method = 'GET',
    credentials: string | undefined = token,
  ) =>
    send(
      proxy.url,
      { host: hostName, ...(credentials ? { authorization: `Bearer ${credentials}` } : {}), ...headers },
      { path, method },
    );
  const seenBy = (answer: { body: string }): Seen => JSON.parse(answer.body);

  it('passes a request on with who is asking, and without the token', async () => {
    const answer = await ask('/orders/7?page=2');
    expect([answer.status, answer.status === 200 ? '' : `${answer.body}${proxy.output()}`]).toEqual([
      200,
      '',
    ]);
    const { url, headers } = seenBy(answer);
    expect(url).toBe('/orders/7?page=2');
    expect(headers).toMatchObject({
      'x-curfew-client': world.clients.web.id,
      'x-curfew-subject': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(headers).not.toHaveProperty('authorization');
  });

  it('hands the challenge to the client', async () => {
    const answer = await ask('/orders', {}, 'GET', '');
    const metadata = `${orders}/.well-known/oauth-protected-resource`;
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      `Bearer realm="orders", resource_metadata="${metadata}", DPoP realm="orders", resource_metadata="${metadata}", algs="ES256 EdDSA Ed25519"`,
    ]);
    const wrong = await ask('/orders', {}, 'GET', 'cfw_at_nothing');
    expect(wrong.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('numbers the request itself, whatever number the client sends', async () => {
    const number = { 'x-request-id': 'chosen-outside' };
    const passed = seenBy(await ask('/orders/7', number)).headers['x-request-id'];
    // Traefik gives requests no number; its example takes the client's away.
    if (name === 'traefik') expect(passed).toBeUndefined();
    else expect(passed).toMatch(/^[0-9a-f-]{32,36}$/);
    const refused = await ask('/orders', number, 'GET', '');
    expect(refused.status).toBe(401);
    expect(refused.headers['x-request-id']).not.toBe('chosen-outside');
    expect(gateway.output()).not.toContain('chosen-outside');
  });

  it('hands on the nonce for a token that is bound to a key, and lets a client with a wrong clock go on with it', async () => {
    const key = await proofKey();
    const { code, verifier } = await world.authorize(world.clients.spa, { resource: orders });
    const atToken = await key.prove({ htm: 'POST', htu: `${world.issuer}/token` });
    const bound = (await world.redeem(world.clients.spa, code, verifier, {}, { dpop: atToken })).body
      .access_token;
    const show = async (claims: Record<string, unknown>) =>
      ask(
        '/orders',
        {
          authorization: `DPoP ${bound}`,
          dpop: await key.prove({ htm: 'GET', htu: `http://${hostName}/orders`, ...claims }, bound),
        },
        'GET',
        '',
      );
    const late = await show({ iat: 1_000_000_000 });
    expect([late.status, late.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('error="use_dpop_nonce"'),
    ]);
    const nonce = late.headers['dpop-nonce'];
    expect(nonce).toMatch(/^[\w-]{43}$/);
    const answer = await show({ iat: 1_000_000_000, nonce });
    expect([answer.status, answer.headers['dpop-nonce']]).toEqual([200, undefined]);
  });

  it('decides by the method and the path of the request, whatever the client says they are', async () => {
    const spoofed = {
      'X-Original-Method': 'GET',
      'X-Original-URL': `http://${hostName}/open/hours`,
      'X-Forwarded-Method': 'GET',
      'X-Forwarded-Uri': '/open/hours',
      'X-Forwarded-Host': hostName,
      'X-HTTP-Method-Override': 'GET',
    };
    expect((await ask('/orders', spoofed, 'GET', '')).status).toBe(401);
    expect((await ask('/orders', spoofed, 'POST')).status).toBe(403);
    expect((await ask('/open/hours', {}, 'GET', '')).status).toBe(200);
  });

  it('lets no client say who it is', async () => {
    const answer = await ask('/open/hours', {
      'X-Curfew-Subject': ['mallory', 'mallory'],
      x_curfew_subject: 'mallory',
      'X-Curfew_Subject': 'mallory',
      Connection: 'close, X-Curfew-Subject',
    });
    // Envoy refuses names with an underscore, as its example says.
    expect(answer.status).toBe(name === 'envoy' ? 400 : 200);
    if (answer.status === 200) expect(JSON.stringify(seenBy(answer).headers)).not.toContain('mallory');
  });

  it.each(['/open/../orders', '/open/%2e%2e/orders', '//orders', '/open/..%2forders', '/open/..;/orders'])(
    'serves nobody what %s might mean to somebody',
    async (path) => {
      const before = upstream.seen.length;
      const answer = await ask(path, {}, 'GET', '');
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(upstream.seen.slice(before)).toEqual([]);
    },
  );

  it.each(smugglings)('has one request passed on for one, where it could be read as two: %s', async (way) => {
    const before = upstream.seen.length;
    const answered = await smuggle(Number(new URL(proxy.url).port), way, token);
    const seen = upstream.seen.slice(before).map(({ method, url }) => `${method} ${url}`);
    expect([[], ['PUT /orders']]).toContainEqual(seen);
    expect(answered).not.toContain('"url":"/smuggled"');
  });

  it('lets a WebSocket through to whoever may have one', async () => {
    expect(await upgrade(`${proxy.url}/live`, { host: hostName })).toBe(401);
    const socket = (await upgrade(`${proxy.url}/live`, {
      host: hostName,
      authorization: `Bearer ${token}`,
    })) as Socket;
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    socket.destroy();
  });

  it('denies in the moment the session ends', async () => {
    expect((await ask('/orders')).status).toBe(200);
    await world.revoke(world.clients.web, refreshToken);
    const ended = performance.now();
    while ((await ask('/orders')).status !== 401) expect(performance.now() - ended).toBeLessThan(2_000);
  });

  it('denies when the gateway is gone', async () => {
    const { access_token: good } = await signIn();
    expect((await ask('/orders', {}, 'GET', good)).status).toBe(200);
    await gateway.kill();
    const answer = await ask('/orders', {}, 'GET', good);
    expect(name === 'traefik' ? [500] : [502, 503]).toContain(answer.status);
  });
});
