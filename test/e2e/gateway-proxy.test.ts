import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { freePort } from '../support/ports.js';
import { startReceiver } from '../support/receiver.js';
import { smuggle, smugglings } from '../support/smuggling.js';
import { type Seen, send, startUpstream, type Upstream, upgrade } from '../support/upstream.js';
import { orders, ProtocolWorld } from './protocol-world.js';

let world: ProtocolWorld;
let upstream: Upstream;
let gateway: RunningGateway;
let folder: string;
let metricsPort: number;

const routes = (more = '') =>
  `
proxies: [127.0.0.1]
timeouts:
  strict: { idle: 2s, absolute: 1h, maxAuthAge: 30m }
apis:
  orders:
    audience: ${orders}
    clientId: ${world.clients.api.id}
    clientSecretFile: secret
routes:
  - name: open
    hosts: [orders.example.test]
    path: /open/**
    public: true
    upstream: ${upstream.url}
  - name: writing
    hosts: [orders.example.test]
    methods: [POST]
    api: orders
    scopes: [orders:write]
    upstream: ${upstream.url}
  - name: strict
    hosts: [orders.example.test]
    path: /strict/**
    api: orders
    timeouts: strict
    upstream: ${upstream.url}
  - name: everything else
    hosts: [orders.example.test]
    api: orders
    scopes: [orders:read]
    upstream: ${upstream.url}
${more}`.replace('everything else', 'everything-else');

beforeAll(async () => {
  world = await ProtocolWorld.start();
  upstream = await startUpstream();
  metricsPort = await freePort();
  folder = await mkdtemp(join(tmpdir(), 'curfew-gateway-'));
  await writeFile(join(folder, 'secret'), world.clients.api.secret, { mode: 0o600 });
  await writeFile(join(folder, 'routes.yaml'), routes());
  gateway = await startGateway(world.server, {
    CURFEW_GATEWAY_ROUTES: join(folder, 'routes.yaml'),
    CURFEW_GATEWAY_URL: 'https://gateway.example.test',
    CURFEW_METRICS_PORT: String(metricsPort),
  });
}, 60_000);
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const signIn = async () =>
  (await world.signIn(world.clients.web, { resource: orders, scope: 'openid orders:read' })).body;
const host = { host: 'orders.example.test' };
const bearer = (token: string) => ({ ...host, authorization: `Bearer ${token}` });
const seenBy = (answer: { body: string }): Seen => JSON.parse(answer.body);

describe('the reverse proxy', () => {
  it('passes a request on with who is asking, and without the token', async () => {
    const { access_token: token } = await signIn();
    const answer = await send(gateway.url, bearer(token), { path: '/orders/7?page=2' });
    expect(answer.status).toBe(200);
    const { headers, url, method } = seenBy(answer);
    expect([method, url, headers.host]).toEqual(['GET', '/orders/7?page=2', 'orders.example.test']);
    expect(headers).toMatchObject({
      'x-curfew-client': world.clients.web.id,
      'x-curfew-subject': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-curfew-session': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-curfew-scope': 'orders:read',
      'x-forwarded-proto': 'https',
    });
    expect(headers).not.toHaveProperty('authorization');
    const [idle, warning] = ['x-session-idle-expires-in', 'x-session-idle-warning-in'].map((name) =>
      Number(answer.headers[name]),
    );
    // The policy `standard` warns two minutes before.
    expect(warning).toBeGreaterThan(0);
    expect(idle! - warning!).toBe(120);
  });

  it('passes bodies on, with a length or in pieces', async () => {
    const { access_token: token } = (
      await world.signIn(world.clients.web, { resource: orders, scope: 'openid orders:write' })
    ).body;
    for (const headers of [{ 'content-length': '5' }, { 'transfer-encoding': 'chunked' }]) {
      const options = { method: 'POST', path: '/orders', body: 'hello' };
      const answer = await send(gateway.url, { ...bearer(token), ...headers }, options);
      expect([answer.status, seenBy(answer).body]).toEqual([200, 'hello']);
    }
  });

  it('lets no client say who it is, however it spells it', async () => {
    const { access_token: token } = await signIn();
    const answer = await send(
      gateway.url,
      {
        ...bearer(token),
        'X-Curfew-Subject': 'mallory',
        'x-curfew-subject': ['mallory', 'eve'],
        x_curfew_subject: 'mallory',
        'X_Curfew-Subject': 'mallory',
        'X-Curfew-Roles': 'admin',
        'X-Forwarded-User': 'mallory',
        'X-Original-URL': '/admin',
        'X-HTTP-Method-Override': 'DELETE',
        Forwarded: 'for=10.0.0.1',
        Connection: 'close, X-Curfew-Subject, X-Forwarded-Host, Host',
      },
      { path: '/orders' },
    );
    const { headers } = seenBy(answer);
    expect(headers['x-curfew-subject']).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers['x-forwarded-host']).toBe('orders.example.test');
    expect(JSON.stringify(headers)).not.toMatch(/mallory|eve|admin|DELETE|10\.0\.0\.1/);
  });

  it('says nothing about anybody on public routes, and lets nobody else say it', async () => {
    const answer = await send(
      gateway.url,
      { ...host, 'X-Curfew-Subject': 'mallory' },
      { path: '/open/hours' },
    );
    expect(seenBy(answer).headers['x-curfew-subject']).toBe('');
  });

  it('asks each route for what it requires', async () => {
    const { access_token: token } = await signIn();
    expect((await send(gateway.url, host, { path: '/orders' })).status).toBe(401);
    const answer = await send(gateway.url, bearer(token), { path: '/orders', method: 'POST' });
    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toContain('scope="orders:write"');
  });

  const metadata = '/.well-known/oauth-protected-resource';

  it('says which scope the next token needs, and where to ask for it (RFC 9728 §5.1)', async () => {
    const at = `resource_metadata="${orders}${metadata}"`;
    for (const headers of [host, bearer('cfw_at_nonsense')]) {
      const challenge = (await send(gateway.url, headers, { path: '/orders' })).headers['www-authenticate'];
      expect(challenge).toContain('scope="orders:read"');
      expect(challenge).toContain(at);
      // RFC 9449 §7.2: a client with a key finds the same in the challenge of DPoP, without the error of a bearer token.
      expect(challenge!.slice(challenge!.indexOf('DPoP '))).toBe(
        `DPoP realm="orders", scope="orders:read", ${at}, algs="ES256 EdDSA Ed25519"`,
      );
    }
    const { access_token: token } = await signIn();
    const lacking = await send(gateway.url, bearer(token), { path: '/orders', method: 'POST' });
    expect(lacking.headers['www-authenticate']).toContain(at);
    // Another scheme does not mend what a good token lacks.
    expect(lacking.headers['www-authenticate']).not.toContain('DPoP');
  });

  it.each([
    ['', 'GET', 200],
    ['/', 'GET', 200],
    ['', 'HEAD', 200],
    ['', 'OPTIONS', 204],
    ['', 'POST', 405],
  ])('answers for the metadata of an API at %j to %s with %i (RFC 9728 §3)', async (end, method, status) => {
    const answer = await send(gateway.url, host, { path: `${metadata}${end}`, method });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([status, '*']);
    if (method === 'GET')
      expect(JSON.parse(answer.body)).toEqual({
        resource: orders,
        authorization_servers: [world.issuer],
        scopes_supported: ['orders:write', 'orders:read'],
        bearer_methods_supported: ['header'],
        resource_name: 'orders',
        dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519'],
      });
  });

  it.each([
    [{ host: 'evil.example.test' }, metadata],
    [{ host: 'orders.example.test.evil.test' }, metadata],
    [{ host: 'orders.example.test@evil.test' }, metadata],
    [host, '/.well-known/%6fauth-protected-resource'],
    [host, '/.WELL-KNOWN/oauth-protected-resource'],
    [host, `${metadata}/orders`],
    [host, `${metadata}//`],
    [host, `${metadata}?x`],
    [host, `/x/..${metadata}`],
    [{ ...host, 'x-forwarded-host': 'evil.example.test' }, `http://evil.example.test${metadata}`],
  ])('lets %j choose no other metadata by %s', async (headers, path) => {
    const answer = await send(gateway.url, headers, { path });
    expect([400, 401, 403]).toContain(answer.status);
    expect(answer.body + JSON.stringify(answer.headers)).not.toContain('evil');
  });

  it.each([
    '//orders',
    '/open/../orders',
    '/open/%2e%2e/orders',
    '/open/..%2forders',
    '/open/%5c..%5corders',
    '/open/..;/orders',
    '/open/./orders',
    '/open\\orders',
    '/open/%00',
    '/open/%zz',
    '/open/%252e%252e/orders',
    'https://orders.example.test/orders',
  ])('refuses a path that others may read differently: %s', async (path) => {
    const before = upstream.seen.length;
    const { access_token: token } = await signIn();
    expect([400, 403]).toContain((await send(gateway.url, bearer(token), { path })).status);
    expect(upstream.seen).toHaveLength(before);
  });

  it.each(smugglings)('passes on one request for one, where it could be read as two: %s', async (way) => {
    const before = upstream.seen.length;
    const { access_token: token } = await signIn();
    const answered = await smuggle(gateway.port, way, token);
    const seen = upstream.seen.slice(before).map(({ method, url }) => `${method} ${url}`);
    expect([[], ['PUT /orders']]).toContainEqual(seen);
    expect(answered).not.toContain('"url":"/smuggled"');
  });

  it('knows no other host', async () => {
    const { access_token: token } = await signIn();
    const answer = await send(
      gateway.url,
      { ...bearer(token), host: 'other.example.test' },
      { path: '/orders' },
    );
    expect(answer.status).toBe(403);
  });
});

describe('what goes on when the session ends', () => {
  const ended = async (end: () => Promise<unknown>, closed: Promise<unknown>) => {
    await pause(100);
    await end();
    const at = performance.now();
    await closed;
    return performance.now() - at;
  };

  it.each([
    ['an event stream', '/stream'],
    ['a long download', '/stream/of-known-length'],
  ])('is closed: %s', async (_, path) => {
    const { access_token: token, refresh_token: refreshToken } = await signIn();
    const outgoing = request(gateway.url, { path, headers: bearer(token) }).end();
    outgoing.on('error', () => {});
    const [answer] = await once(outgoing, 'response');
    let text = '';
    answer.on('data', (chunk: Buffer) => (text += chunk)).on('error', () => {});
    const closed = new Promise((resolve) => answer.once('close', resolve));
    const took = await ended(() => world.revoke(world.clients.web, refreshToken), closed);
    expect(took).toBeLessThan(2_000);
    expect([text.startsWith('data: on'), answer.complete]).toEqual([true, false]);
  });

  it('is closed: a WebSocket', async () => {
    const { access_token: token, refresh_token: refreshToken } = await signIn();
    expect(await upgrade(`${gateway.url}/live`, host)).toBe(401);
    const socket = (await upgrade(`${gateway.url}/live`, bearer(token))) as Socket;
    socket.on('error', () => {});
    socket.write('hello');
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    expect(await ended(() => world.revoke(world.clients.web, refreshToken), closed)).toBeLessThan(2_000);
  });
});

describe('what the upstream has not begun to answer when the session ends', () => {
  /** Asks for what takes its time, and ends the session as soon as the upstream has the question. */
  const overtake = async (path: string, ask: (token: string) => Promise<unknown>) => {
    const { access_token: token, refresh_token: refreshToken } = await signIn();
    const answer = ask(token);
    await until(() => upstream.seen.some(({ url }) => url === path));
    await world.revoke(world.clients.web, refreshToken);
    return answer;
  };
  const until = async (happened: () => boolean) => {
    const deadline = performance.now() + 20_000;
    while (!happened()) {
      expect(performance.now()).toBeLessThan(deadline);
      await pause(10);
    }
  };

  it('is refused like what comes later, and the upstream is stopped', async () => {
    const path = '/slow/report';
    const ask = (token: string) => send(gateway.url, bearer(token), { path });
    const answer = (await overtake(path, ask)) as Awaited<ReturnType<typeof send>>;
    expect([answer.status, answer.headers['cache-control']]).toEqual([401, 'no-store']);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(answer.headers).not.toHaveProperty('x-session-idle-expires-in');
    await until(() => upstream.abandoned.includes(path));
  });

  it('is refused also while it is being sent', async () => {
    const path = '/slow/upload';
    const { access_token: token, refresh_token: refreshToken } = (
      await world.signIn(world.clients.web, { resource: orders, scope: 'openid orders:write' })
    ).body;
    const headers = { ...bearer(token), 'transfer-encoding': 'chunked' };
    const outgoing = request(gateway.url, { method: 'POST', path, headers });
    outgoing.on('error', () => {});
    const sending = setInterval(() => outgoing.write('more and more'), 10);
    const answered = once(outgoing, 'response');
    await until(() => upstream.begun.includes(path));
    await world.revoke(world.clients.web, refreshToken);
    const [answer] = await answered;
    clearInterval(sending);
    expect([answer.statusCode, answer.headers.connection]).toEqual([401, 'close']);
    outgoing.destroy();
  });

  it('is refused where it wanted to become a WebSocket', async () => {
    const path = '/slow/live';
    const ask = (token: string) => upgrade(`${gateway.url}${path}`, bearer(token));
    expect(await overtake(path, ask)).toBe(401);
    await until(() => upstream.abandoned.includes(path));
  });

  it('breaks off where the upstream did, and does not wait for ever', async () => {
    const { access_token: token } = await signIn();
    await expect(send(gateway.url, bearer(token), { path: '/half' })).rejects.toThrow('aborted');
  });
});

describe('timeouts of a route', () => {
  it('are shorter than the session’s own: what comes too late is refused, and is no use', async () => {
    const { access_token: token } = await signIn();
    expect((await send(gateway.url, bearer(token), { path: '/strict/a' })).status).toBe(200);
    await pause(2_500);
    for (let attempt = 0; attempt < 2; attempt++) {
      const answer = await send(gateway.url, bearer(token), { path: '/strict/a' });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('error="insufficient_user_authentication"');
    }
  });
});

describe('routes that change', () => {
  it('are in force within seconds, unless they have faults', async () => {
    const other = { host: 'new.example.test' };
    const file = join(folder, 'routes.yaml');
    await writeFile(file, 'routes: 7');
    await pause(1_500);
    expect((await send(gateway.url, host, { path: '/open/hours' })).status).toBe(200);
    const added = `  - { name: new, hosts: [new.example.test], public: true, upstream: '${upstream.url}' }`;
    await writeFile(file, routes(added));
    const deadline = performance.now() + 10_000;
    while ((await send(gateway.url, other)).status !== 200) {
      expect(performance.now()).toBeLessThan(deadline);
      await pause(100);
    }
  });
});

it('counts and measures, on a listener of its own', async () => {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(text).toMatch(/curfew_gateway_decisions_total\{route="everything-else",outcome="allowed"\} \d+/);
  expect(text).toMatch(/curfew_gateway_decisions_total\{route="everything-else",outcome="401"\} \d+/);
  expect(text).toContain('curfew_gateway_following{api="orders"} 1');
  expect(text).toMatch(/curfew_gateway_decision_duration_seconds_count\{route="strict"\}/);
});

it('stops when it is told to, whatever goes on, cuts what is left after the grace, and has told its traces', async () => {
  const collector = await startReceiver();
  collector.behave(200);
  const other = await startGateway(world.server, {
    CURFEW_GATEWAY_ROUTES: join(folder, 'routes.yaml'),
    CURFEW_GATEWAY_URL: 'https://gateway.example.test',
    CURFEW_SHUTDOWN_GRACE: '1s',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: new URL('/v1/traces', collector.url).href,
  });
  const { access_token: token } = await signIn();
  const traced = { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` };
  const answer = await send(
    other.url,
    { ...bearer(token), ...traced },
    { path: '/orders/told-to-nobody?note=told-to-nobody' },
  );
  // The proxy that sent it is trusted: the trace goes on through us to the upstream.
  expect(seenBy(answer).headers['traceparent']).toMatch(
    new RegExp(`^00-${'ab'.repeat(16)}-(?!cdcd)[0-9a-f]{16}-01$`),
  );
  const sockets = [
    (await upgrade(`${other.url}/live`, bearer(token))) as Socket,
    (await upgrade(`${other.url}/open/live`, host)) as Socket,
  ];
  const closed = sockets.map(
    // Read, as a client does: each is told that the service restarts before it is closed.
    (socket) =>
      new Promise((resolve) =>
        socket
          .on('error', () => {})
          .resume()
          .once('close', resolve),
      ),
  );
  await other.stop();
  await Promise.all(closed);
  const sent = collector.received.map(({ body }) => body).join();
  for (const word of ['curfew-gateway', 'gateway everything-else', 'allowed', 'ab'.repeat(16)])
    expect(sent).toContain(word);
  expect(sent).not.toContain('told-to-nobody');
  expect(sent).not.toContain(token);
  await collector.close();
}, 20_000);
