import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { type ProofKey, proofKey } from '../support/proof-key.js';
import { untilClosedUnread } from '../support/slow-client.js';
import { type Seen, send, startUpstream, type Upstream } from '../support/upstream.js';
import { orders, ProtocolWorld } from './protocol-world.js';

/** Requests of real clients, browsers and proxies, to the reverse proxy and to `/forward-auth` alike. */
let world: ProtocolWorld;
let upstream: Upstream;
let gateway: RunningGateway;
let folder: string;
let reader: string;
let writer: string;

const app = 'https://app.example.test';
const host = { host: 'orders.example.test' };

const routesOf = (hostNames: string, more: string) => `
  - { name: admin${more ? '' : '-asked'}, hosts: ${hostNames}, path: /admin/**, api: orders, scopes: ['orders:write'] ${more} }
  - { name: report${more ? '' : '-asked'}, hosts: ${hostNames}, path: /Report, caseSensitive: true, api: orders, scopes: ['orders:write'] ${more} }
  - { name: open${more ? '' : '-asked'}, hosts: ${hostNames}, path: /open/**, public: true ${more} }
  - { name: projects${more ? '' : '-asked'}, hosts: ${hostNames}, path: /projects/**, api: orders, allow: [encoded-slash, encoded-percent, semicolon], cors: ['${app}'] ${more} }
  - { name: all${more ? '' : '-asked'}, hosts: ${hostNames}, api: orders, scopes: ['orders:read'] ${more} }`;

beforeAll(async () => {
  world = await ProtocolWorld.start();
  upstream = await startUpstream();
  folder = await mkdtemp(join(tmpdir(), 'curfew-requests-'));
  await writeFile(join(folder, 'secret'), world.clients.api.secret);
  await writeFile(
    join(folder, 'routes.yaml'),
    `
proxies: [127.0.0.1]
forwarded: [x-forwarded]
removeHeaders: [x-tenant, x-edge-*]
apis:
  orders: { audience: ${orders}, clientId: ${world.clients.api.id}, clientSecretFile: secret }
routes:
  - { name: local, hosts: [local.example.test], path: /local, public: true, upstream: '${upstream.url}' }
${routesOf('[orders.example.test]', `, upstream: '${upstream.url}'`)}
${routesOf('[asked.example.test]', '')}
`,
  );
  gateway = await startGateway(world.server, {
    CURFEW_GATEWAY_ROUTES: join(folder, 'routes.yaml'),
    CURFEW_GATEWAY_URL: 'https://gateway.example.test',
    CURFEW_HEADERS_TIMEOUT: '1s',
    CURFEW_REQUEST_TIMEOUT: '2s',
    CURFEW_SEND_TIMEOUT: '2s',
  });
  const scopes = { resource: orders, scope: 'openid orders:read' };
  reader = (await world.signIn(world.clients.web, scopes)).body.access_token;
  const more = { resource: orders, scope: 'openid orders:read orders:write' };
  writer = (await world.signIn(world.clients.web, more)).body.access_token;
}, 60_000);
afterAll(async () => {
  await gateway?.stop();
  await upstream?.stop();
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const bearer = (token: string | undefined) => ({
  ...host,
  ...(token ? { authorization: `Bearer ${token}` } : {}),
});
const pass = (path: string, token?: string, method = 'GET') =>
  send(gateway.url, bearer(token), { path, method });
const ask = (path: string, token?: string, more: Record<string, string> = {}) =>
  send(
    gateway.url,
    {
      host: `127.0.0.1:${gateway.port}`,
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'asked.example.test',
      'x-forwarded-uri': path,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...more,
    },
    { path: '/forward-auth' },
  );
const seenBy = (answer: { body: string }): Seen => JSON.parse(answer.body);

/** Sends bytes as they are; resolves with everything that came back. */
const sendRaw = (bytes: string, quietMs = 300): Promise<string> =>
  new Promise((resolve) => {
    let answered = '';
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.setTimeout(4_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      answered += chunk;
      socket.setTimeout(quietMs);
    });
    socket.on('error', () => {}).on('close', () => resolve(answered));
  });

describe('a path', () => {
  // Each with what a token for reading, one for writing as well, and nobody gets.
  it.each([
    ['/admin/x', 403, 200, 401],
    ['/%61dmin/x', 403, 200, 401],
    ['/admi%6e/x', 403, 200, 401],
    ['/%41%44%4D%49%4E/x', 403, 200, 401],
    ['/ADMIN/x', 403, 200, 401],
    ['/aDmIn', 403, 200, 401],
    ['/adm%C4%B1n/x', 403, 200, 401],
    ['/%EF%BD%81dmin/x', 403, 200, 401],
    ['/Report', 403, 200, 401],
    ['/Report/', 403, 200, 401],
    ['/%52eport', 403, 200, 401],
    ['/report', 200, 200, 401],
    ['/open/x', 200, 200, 200],
    ['/OPEN/x', 200, 200, 401],
    ['/%6fpen/x', 200, 200, 401],
    ['/orders/%C3%A4', 200, 200, 401],
    ['/orders/{a}|b^c', 200, 200, 401],
  ])('meets every route that a reading of it leads to: %s', async (path, read, wrote, nobody) => {
    const statuses = async (way: (path: string, token?: string) => ReturnType<typeof send>) =>
      (await Promise.all([way(path, reader), way(path, writer), way(path)])).map(({ status }) => status);
    expect(await statuses(pass)).toEqual([read, wrote, nobody]);
    expect(await statuses(ask)).toEqual([read, wrote, nobody]);
  });

  it.each([
    '/admin./x',
    '/admin%20/x',
    '/%20admin/x',
    '/%c0%ae/x',
    '/%c0%afadmin/x',
    '/a%2Fadmin',
    '/a;/admin',
    '/a%3B/b',
    '/100%25',
    '/%2561dmin/x',
    '/projects/..%2F..%2Fadmin',
    '/projects/%252e%252e/admin',
    '/projects/..;/admin',
  ])('is refused where no route may let it pass: %s', async (path) => {
    const before = upstream.seen.length;
    expect([400, 403]).toContain((await pass(path, writer)).status);
    expect((await ask(path, writer)).status).toBe(403);
    expect(upstream.seen).toHaveLength(before);
  });

  it.each(['/projects/group%2Fproject/issues', '/projects/a;v=1/b', '/projects/100%25', '/projects/a%2fb;c'])(
    'passes with what its route allows, byte for byte: %s',
    async (path) => {
      expect(seenBy(await pass(path, reader)).url).toBe(path);
      expect((await ask(path, reader)).status).toBe(200);
      expect((await pass(path)).status).toBe(401);
    },
  );

  it.each(["/a?x='1'", '/a?', '/a?b?c', '/a?q={x}|y^`z\\', '/a?x=%zz&%41=1', '/a/?x="1"<2>', "/it's/(a)!*"])(
    'reaches the upstream with its query as it was sent: %s',
    async (target) => {
      expect(seenBy(await pass(target, reader)).url).toBe(target);
      expect((await ask(target, reader)).status).toBe(200);
    },
  );

  it('that is too long is refused in the word for that', async () => {
    expect((await pass(`/a?${'x'.repeat(8_200)}`, reader)).status).toBe(414);
    expect((await ask(`/a?${'x'.repeat(8_200)}`, reader)).status).toBe(403);
  });
});

describe('an upgrade that nobody wants', () => {
  const settings = 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA';
  it.each([
    ['h2c, as a JDK sends it', `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n${settings}`],
    ['h2c, as curl sends it', `Connection: Upgrade, HTTP2-Settings\r\n${settings}\r\nUpgrade: h2c`],
    ['TLS, as Apache HttpClient sends it', 'Connection: Upgrade\r\nUpgrade: TLS/1.2'],
    ['several', 'Connection: keep-alive, upgrade\r\nUpgrade: TLS/1.2, h2c'],
  ])('is ignored, and the request is answered as HTTP/1.1: %s', async (_, lines) => {
    const head = `Host: orders.example.test\r\nAuthorization: Bearer ${writer}\r\n${lines}\r\n`;
    const answered = await sendRaw(
      `POST /admin/x HTTP/1.1\r\n${head}Content-Length: 5\r\n\r\nhelloGET /a HTTP/1.1\r\n${head}\r\n`,
    );
    expect(answered.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    const [posted, got] = upstream.seen.slice(-2);
    expect([posted?.body, got?.url]).toEqual(['hello', '/a']);
    expect(posted?.headers).not.toHaveProperty('upgrade');
    expect(posted?.headers).not.toHaveProperty('http2-settings');
  });

  it('is ignored at /forward-auth, too', async () => {
    const more = { connection: 'Upgrade', upgrade: 'h2c' };
    expect((await ask('/a', reader, more)).status).toBe(200);
  });
});

describe('what a proxy says of the scheme', () => {
  it.each(['wss', 'HTTPS', 'Https', 'http, https'])('is understood: %s', async (scheme) => {
    expect((await ask('/a', reader, { 'x-forwarded-proto': scheme })).status).toBe(200);
    const headers = { ...bearer(reader), 'x-forwarded-proto': scheme };
    expect((await send(gateway.url, headers, { path: '/a' })).status).toBe(200);
  });
});

describe('what a client sends wrongly', () => {
  it('is never 400 to a proxy that asks, because nginx takes that for a broken gateway', async () => {
    const malformed = { authorization: 'Bearer a b' };
    for (const answer of [
      await ask('/a', undefined, malformed),
      await ask('/a?access_token=x'),
      await ask('/a?access_token=x', reader),
    ]) {
      expect([answer.status, JSON.parse(answer.body).error]).toEqual([401, 'invalid_request']);
      expect(answer.headers['www-authenticate']).toContain('error="invalid_request"');
    }
    const unstated = await send(gateway.url, {}, { path: '/forward-auth' });
    expect(unstated.status).toBe(403);
    expect((await ask('/a', reader, { cookie: `a=${'x'.repeat(30_000)}` })).status).toBe(200);
  });

  it('is refused where it names two hosts', async () => {
    const two = 'Host: orders.example.test\r\nhOST: other.example.test\r\n';
    for (const line of ['GET /open/x', 'GET /forward-auth', 'GET /health/live'])
      expect(await sendRaw(`${line} HTTP/1.1\r\n${two}\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
    const socket = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    expect(await sendRaw(`GET /open/x HTTP/1.1\r\n${two}${socket}\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('goes no further where it claims to be somebody', async () => {
    const names = [
      'X-WEBAUTH-USER',
      'x_webauth_user',
      'CF-Connecting-IP',
      'X-Tenant',
      'x-edge-user',
      'x_edge_b',
    ];
    const claims = Object.fromEntries(names.map((name) => [name, 'mallory']));
    const answer = await send(gateway.url, { ...host, ...claims, 'x-kept': '1' }, { path: '/open/x' });
    expect(JSON.stringify(seenBy(answer).headers)).not.toContain('mallory');
    expect(seenBy(answer).headers).toMatchObject({ 'x-kept': '1' });
  });

  it('is given up within the limits where it sends half of it, and is no error', async () => {
    const began = performance.now();
    const head = 'GET /open/x HTTP/1.1\r\nHost: orders.example.test\r\n';
    const body = `POST /open/x HTTP/1.1\r\nHost: orders.example.test\r\nContent-Length: 100\r\n\r\nhalf`;
    await Promise.all([sendRaw(head), sendRaw(body)]);
    expect(performance.now() - began).toBeLessThan(5_500);
    expect(gateway.output()).not.toContain('"level":"error"');
  });

  it('is given up where nothing of its answer is read, and is no error', async () => {
    const asked = 'GET /open/large HTTP/1.1\r\nHost: orders.example.test\r\n\r\n';
    expect(await untilClosedUnread(gateway.port, asked)).toBeLessThan(10_000);
    expect(gateway.output()).not.toContain('"level":"error"');
  });
});

describe('connections', () => {
  it('are kept on both sides, and carry several requests at once', async () => {
    const lines = `Host: orders.example.test\r\n\r\n`;
    const answered = await sendRaw(`GET /open/1 HTTP/1.1\r\n${lines}GET /open/2 HTTP/1.1\r\n${lines}`);
    expect(answered.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(answered).not.toMatch(/Connection: close/i);
    const seen = upstream.seen.slice(-2).map(({ headers }) => headers.connection);
    expect(seen).toEqual(['keep-alive', 'keep-alive']);
    const closing = await sendRaw(`GET /open/3 HTTP/1.1\r\nConnection: close\r\n${lines}`);
    expect(closing).toMatch(/^HTTP\/1\.1 200 OK.*Connection: close/is);
  });

  it('carry one request for one, also where a DELETE has a body in pieces', async () => {
    const before = upstream.seen.length;
    const inside = 'GET /smuggled HTTP/1.1\r\nHost: orders.example.test\r\n\r\n';
    for (const method of ['DELETE', 'OPTIONS', 'GET'])
      await sendRaw(
        `${method} /open/x HTTP/1.1\r\nHost: orders.example.test\r\nTransfer-Encoding: chunked\r\n\r\n${inside.length.toString(16)}\r\n${inside}\r\n0\r\n\r\n`,
      );
    const seen = upstream.seen.slice(before);
    expect(seen.map(({ method, body }) => [method, body])).toEqual([
      ['DELETE', inside],
      ['OPTIONS', inside],
      ['GET', inside],
    ]);
  });

  it('that the upstream has closed meanwhile cost no request', async () => {
    for (let count = 0; count < 20; count++) {
      expect((await pass('/open/x')).status).toBe(200);
      upstream.closeIdle();
      expect((await pass('/open/x')).status).toBe(200);
    }
  });
});

describe('a token that is bound to a key', () => {
  let key: ProofKey;
  let bound: string;
  const now = () => Math.floor((performance.timeOrigin + performance.now()) / 1000);
  const prove = (claims: Record<string, unknown> = {}) =>
    key.prove({ htm: 'GET', htu: 'https://orders.example.test/~u/%C3%A4', ...claims }, bound ?? '');
  const show = async (claims?: Record<string, unknown>, scheme = 'DPoP') =>
    send(
      gateway.url,
      { ...host, authorization: `${scheme} ${bound}`, ...(claims ? { dpop: await prove(claims) } : {}) },
      { path: '/~u/%C3%A4' },
    );

  beforeAll(async () => {
    key = await proofKey();
    const scopes = { resource: orders, scope: 'openid orders:read' };
    const { code, verifier } = await world.authorize(world.clients.spa, scopes);
    const dpop = await prove({ htm: 'POST', htu: `${world.issuer}/token` });
    bound = (await world.redeem(world.clients.spa, code, verifier, {}, { dpop })).body.access_token;
  });

  it.each([
    [{}],
    [{ iat: -290 }],
    [{ iat: -65 }],
    [{ iat: 6 }],
    [{ iat: 10 }],
    [{ htu: 'https://orders.example.test/%7Eu/%c3%a4' }],
    [{ htu: 'https://ORDERS.example.test:443/~u/%C3%A4?x=1' }],
  ])('passes with a proof of %j', async ({ iat = 0, ...claims }: { iat?: number; htu?: string }) =>
    expect((await show({ iat: now() + iat, ...claims })).status).toBe(200),
  );

  it.each([
    ['use_dpop_nonce', { iat: -330 }],
    ['use_dpop_nonce', { iat: 70 }],
    ['use_dpop_nonce', { nonce: 'of nobody' }],
    ['invalid_dpop_proof', { htm: 'POST' }],
    ['invalid_dpop_proof', { htu: 'https://orders.example.test/other' }],
    ['invalid_dpop_proof', { ath: 'x' }],
    ['invalid_dpop_proof', undefined],
  ])('is challenged with %s for a proof of %j, by words about the proof', async (error, claims) => {
    const { iat = 0, ...more } = (claims ?? {}) as { iat?: number };
    const answer = await show(claims && { iat: now() + iat, ...more });
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([401, error]);
    const challenge = answer.headers['www-authenticate'];
    expect(challenge).toMatch(
      new RegExp(`^DPoP realm="orders", error="${error}", error_description="[^"]*DPoP proof`),
    );
    expect(challenge).toMatch(/, algs="ES256 EdDSA Ed25519"$/);
    expect(challenge).not.toContain('Bearer');
    expect(answer.headers['dpop-nonce']).toMatch(/^[\w-]{43}$/);
  });

  it('passes with the nonce it is given, whatever the clock of its client says', async () => {
    const first = await show({ iat: now() - 86_400 });
    const nonce = first.headers['dpop-nonce'];
    expect((await show({ iat: now() - 86_400, nonce })).status).toBe(200);
    expect((await show({ iat: now() + 86_400, nonce })).status).toBe(200);
  });

  it('passes with each proof once, and is told to be no bearer token', async () => {
    const headers = { ...host, authorization: `DPoP ${bound}`, dpop: await prove() };
    const twice = [1, 2].map(() => send(gateway.url, headers, { path: '/~u/%C3%A4' }));
    expect((await Promise.all(twice)).map(({ status }) => status).sort()).toEqual([200, 401]);
    const answer = await show(undefined, 'Bearer');
    expect(answer.headers['www-authenticate']).toMatch(/^DPoP realm="orders", error="invalid_token"/);
    const wrong = { ...host, authorization: 'DPoP cfw_at_nothing' };
    const unknown = await send(gateway.url, wrong, { path: '/a' });
    expect(unknown.headers['www-authenticate']).toMatch(/^DPoP realm="orders", error="invalid_token"/);
    const malformed = await send(gateway.url, { ...host, authorization: 'DPoP' }, { path: '/a' });
    expect(malformed.headers['www-authenticate']).toMatch(/^DPoP realm="orders", error="invalid_request"/);
  });
});

describe('a page of another origin', () => {
  it('reads the challenge of the gateway where the route lists it, and no other does', async () => {
    const answered = async (path: string, origin: string) =>
      (await send(gateway.url, { ...host, origin }, { path })).headers['access-control-allow-origin'];
    expect(await answered('/projects/x', app)).toBe(app);
    expect(await answered('/projects/x', 'https://evil.example.test')).toBeUndefined();
    expect(await answered('/orders', app)).toBeUndefined();
    const asked = await ask('/projects/x', undefined, { origin: app });
    expect(asked.headers).toMatchObject({
      'access-control-allow-origin': app,
      'access-control-expose-headers': expect.stringContaining('WWW-Authenticate'),
      vary: 'Origin',
    });
  });

  it('is told in advance what it may send', async () => {
    const wanted = {
      origin: app,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,dpop',
    };
    const preflight = (headers: Record<string, string>) =>
      send(gateway.url, { ...host, ...wanted, ...headers }, { path: '/projects/x', method: 'OPTIONS' });
    const answer = await preflight({});
    expect([answer.status, answer.headers['access-control-allow-methods']]).toEqual([204, 'PUT']);
    expect(answer.headers['access-control-allow-headers']).toBe('authorization,dpop');
    expect((await preflight({ origin: 'https://evil.example.test' })).status).toBe(401);
    const asked = { ...wanted, 'x-forwarded-method': 'OPTIONS' };
    expect((await ask('/projects/x', undefined, asked)).status).toBe(200);
    expect((await ask('/orders', undefined, asked)).status).toBe(401);
    expect((await ask('/projects/x', undefined, wanted)).status).toBe(401);
  });
});

describe('a request that no route takes', () => {
  it('is in the log with host, scheme and path, and further ones are not', async () => {
    for (const path of ['/nowhere', '/elsewhere'])
      expect((await send(gateway.url, { host: 'unknown.example.test' }, { path })).status).toBe(403);
    const unrouted = { ...bearer(reader), 'x-forwarded-proto': 'http' };
    expect((await send(gateway.url, unrouted, { path: '/nowhere' })).status).toBe(403);
    const lines = () =>
      gateway
        .output()
        .split('\n')
        .filter((line) => line.includes('no route is for this request'));
    const deadline = performance.now() + 5_000;
    while (lines().length === 0 && performance.now() < deadline) await pause(20);
    expect(lines().map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ host: 'unknown.example.test', scheme: 'https', path: '/nowhere' }),
    ]);
  });

  it('is not one whose host comes with the port of the gateway itself', async () => {
    const local = { host: `local.example.test:${gateway.port}` };
    expect((await send(gateway.url, local, { path: '/local' })).status).toBe(200);
  });
});

it('is not sent requests while it cannot decide about any', async () => {
  const ready = async () => (await send(gateway.url, {}, { path: '/health/ready' })).status;
  expect(await ready()).toBe(200);
  await world.server.kill();
  const killed = performance.now();
  while ((await ready()) !== 503) {
    expect(performance.now() - killed).toBeLessThan(10_000);
    await pause(100);
  }
  expect((await ask('/a', reader)).status).toBe(503);
});

describe('a refusal of the gateway itself', () => {
  const askedAbout = { 'x-forwarded-method': 'GET', 'x-forwarded-proto': 'https' };

  it.each([
    ['without a route', { host: 'nobody.example.test' }, '/x', 403],
    ['without a token', host, '/x', 401],
    ['to another proxy', { ...askedAbout, 'x-forwarded-uri': 'open' }, '/forward-auth', 403],
  ] as const)('%s has an id of its own, and is taken for nothing else', async (_, headers, path, status) => {
    const [one, another] = [
      await send(gateway.url, headers, { path }),
      await send(gateway.url, headers, { path }),
    ];
    expect([one.status, one.headers['x-content-type-options']]).toEqual([status, 'nosniff']);
    expect(one.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(one.headers['x-request-id']).not.toBe(another.headers['x-request-id']);
  });

  it('has the id that a proxy of ours gave the request, and no other', async () => {
    const named = async (id: string) =>
      (await send(gateway.url, { ...host, 'x-request-id': id }, { path: '/x' })).headers['x-request-id'];
    expect(await named('from-the-proxy-1')).toBe('from-the-proxy-1');
    const ownId = /^[0-9a-f-]{36}$/;
    for (const odd of [
      '<script>',
      'cfw_at_zq7marker',
      'cfw_rt_zq7marker',
      'cfw_cs_zq7marker',
      'x'.repeat(65),
    ])
      expect([odd, await named(odd)]).toEqual([odd, expect.stringMatching(ownId)]);
  });
});
