import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { send, startUpstream, type Upstream } from '../support/upstream.js';
import { AdminWorld, orders } from './admin-world.js';

const host = 'orders.example.test';

let world: AdminWorld;
let upstream: Upstream;
let elsewhere: Upstream;
/** With the routes of the first start, which let any good token pass everywhere. */
let gateway: RunningGateway;
/** A reverse proxy without a route of its own. */
let proxy: RunningGateway;
let folder: string;
let token: string;

beforeAll(async () => {
  world = await AdminWorld.start();
  [upstream, elsewhere] = [await startUpstream(), await startUpstream()];
  folder = await mkdtemp(join(tmpdir(), 'curfew-kept-'));
  const { client_id, client_secret } = world.data.clients.api;
  await writeFile(join(folder, 'secret'), client_secret);
  await writeFile(
    join(folder, 'routes.yaml'),
    `
apis: { orders: { audience: ${orders}, clientId: ${client_id}, clientSecretFile: secret } }
keptRoutes: { upstreams: ['${upstream.url}'] }
`,
  );
  [gateway, proxy] = await Promise.all([
    startGateway(world.server),
    startGateway(world.server, { CURFEW_GATEWAY_ROUTES: join(folder, 'routes.yaml') }),
  ]);
  token = await serviceToken();
}, 60_000);
afterAll(async () => {
  await gateway?.stop();
  await proxy?.stop();
  await upstream?.stop();
  await elsewhere?.stop();
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const serviceToken = async (): Promise<string> => {
  const { client_id, client_secret } = world.data.clients.service;
  const answer = await fetch(`${world.server.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: orders }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
};

const ask = async (path: string, credentials = token): Promise<number> =>
  (
    await fetch(`${gateway.url}/forward-auth`, {
      headers: {
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': host,
        'x-forwarded-uri': path,
        ...(credentials ? { authorization: `Bearer ${credentials}` } : {}),
      },
    })
  ).status;

/** Waits until the gateway goes by what was written. */
const until = async (answer: () => Promise<number>, status: number): Promise<void> => {
  const deadline = performance.now() + 20_000;
  while ((await answer()) !== status) {
    expect(performance.now()).toBeLessThan(deadline);
    await pause(100);
  }
};

const route = (more: object) => ({ position: 10, resource: orders, hosts: [host], ...more });
const create = (body: object) => world.call('POST', '/v1/gateway-routes', { body });

describe('routes of gateways over the admin API', () => {
  it('are in force within seconds, before those of the gateway itself, and gone as fast', async () => {
    expect([await ask('/hours'), await ask('/hours', '')]).toEqual([200, 401]);
    const made = await create(route({ name: 'hours', path: '/hours', public: true }));
    expect([made.status, made.headers.get('etag'), made.headers.get('location')]).toEqual([
      201,
      '"1"',
      '/v1/gateway-routes/hours',
    ]);
    await until(() => ask('/hours', ''), 200);
    expect(await ask('/orders', '')).toBe(401);

    const body = { ...route({ path: '/hours', scopes: ['orders:none'] }) };
    const change = (version: string) =>
      world.call('PUT', '/v1/gateway-routes/hours', { body, headers: { 'if-match': version } });
    expect((await change('"7"')).status).toBe(412);
    expect((await change('"1"')).body).toMatchObject({ version: 2, public: false, scopes: ['orders:none'] });
    await until(() => ask('/hours'), 403);

    const remove = (version: string) =>
      world.call('DELETE', '/v1/gateway-routes/hours', { headers: { 'if-match': version } });
    expect((await remove('"1"')).status).toBe(412);
    expect((await remove('"2"')).status).toBe(204);
    await until(() => ask('/hours'), 200);
  }, 60_000);

  it('are tried by position and name, listed page by page, and recorded', async () => {
    for (const [name, position] of [
      ['b', 2],
      ['a', 2],
      ['z', 1],
    ] as const)
      expect((await create({ ...route({ name }), position })).status).toBe(201);
    const names: string[] = [];
    let cursor = '';
    do {
      const page = await world.get(`/v1/gateway-routes?limit=2${cursor && `&cursor=${cursor}`}`);
      names.push(...page.body.items.map(({ name }: { name: string }) => name));
      cursor = page.body.next_cursor ?? '';
    } while (cursor);
    expect(names).toEqual(['z', 'a', 'b']);
    expect((await world.get('/v1/gateway-routes/a')).body).toMatchObject({
      schemes: ['https'],
      path: '/**',
      activity: 'active',
    });
    const { body } = await world.get('/v1/events?type=admin.acted');
    expect(body.items.map(({ data }: { data: object }) => data)).toContainEqual(
      expect.objectContaining({ operation: 'createGatewayRoute', target: 'z' }),
    );
    for (const name of names)
      await world.call('DELETE', `/v1/gateway-routes/${name}`, { headers: { 'if-match': '"1"' } });
  });

  it.each([
    [{ name: 'x', path: 'orders' }, 400, 'invalid_request'],
    [{ name: 'x', path: '/a*b' }, 400, 'invalid_request'],
    [{ name: 'x', hosts: ['Orders.example.test'] }, 400, 'invalid_request'],
    [{ name: 'x', public: true, scopes: ['a'] }, 400, 'invalid_request'],
    [{ name: 'x', browser: 'shop' }, 400, 'invalid_request'],
    [{ name: 'x', upstream: 'file:///etc/passwd' }, 400, 'invalid_request'],
    [{ name: 'x', timeouts: { idle: '1 hour' } }, 400, 'invalid_request'],
    [{ name: 'x', resource: 'https://other.example.test' }, 404, 'unknown_resource'],
  ])('are refused by the rules of the file: %j', async (body, status, code) => {
    const answer = await create(route(body));
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('can be tried with a request: the answer is what the gateway decides, with a reason for every route', async () => {
    await create(route({ name: 'tried-open', position: 1, path: '/tried', public: true }));
    await create(route({ name: 'tried-posts', position: 2, path: '/tried/**', methods: ['POST'] }));
    await create(route({ name: 'tried-all', position: 3, path: '/tried/**', scopes: ['orders:none'] }));
    const tried = async (url: string, more = '') => {
      const { body } = await world.get(`/v1/effective-route?url=${encodeURIComponent(url)}${more}`);
      const of = (verdict: string) =>
        body.routes.filter((one: { verdict: string }) => one.verdict === verdict);
      return { ...body, taker: of('takes_it')[0]?.name, too: of('applies_too'), not: of('does_not_match') };
    };
    await until(() => ask('/tried', ''), 200);
    expect(await tried(`https://${host}/tried`)).toMatchObject({ outcome: 'route', taker: 'tried-open' });
    const spelled = await tried(`https://${host}/TRIED`);
    expect([spelled.outcome, spelled.taker]).toEqual(['no_route', undefined]);
    const below = await tried(`https://${host}/tried/x?y=%2e`);
    expect([below.outcome, below.taker]).toEqual(['route', 'tried-all']);
    expect(below.not).toEqual([
      expect.objectContaining({ name: 'tried-open', misfits: ['path'] }),
      expect.objectContaining({ name: 'tried-posts', misfits: ['method'] }),
    ]);
    expect(await ask('/tried/x')).toBe(403);
    expect((await tried(`https://${host}/tried/a;b`)).outcome).toBe('path_ambiguous');
    expect((await tried(`http://${host}:3002/tried`)).not[0].misfits).toEqual(['scheme']);
    expect((await tried(`https://${host}:8443/tried`, '&gateway_port=8443')).taker).toBe('tried-open');
    const refused = await world.get(
      `/v1/effective-route?url=${encodeURIComponent(`https://${host}/a/../b`)}`,
    );
    expect([refused.status, refused.body.faults]).toEqual([
      400,
      [
        {
          at: 'query/url',
          detail: 'is refused by every gateway: the path may mean something else to the upstream',
        },
      ],
    ]);
    expect((await world.get('/v1/effective-route?url=orders')).body.faults[0].at).toBe('query/url');
    for (const name of ['tried-open', 'tried-posts', 'tried-all'])
      await world.call('DELETE', `/v1/gateway-routes/${name}`, { headers: { 'if-match': '"1"' } });
  });

  it('are handed to nobody but the client of their API', async () => {
    const read = async (credentials: { client_id: string; client_secret: string }, more = {}) =>
      fetch(`${world.server.issuer}/gateway-routes`, {
        headers: {
          authorization: `Basic ${btoa(`${credentials.client_id}:${credentials.client_secret}`)}`,
          ...more,
        },
      });
    const { api, service } = world.data.clients;
    expect((await fetch(`${world.server.issuer}/gateway-routes`)).status).toBe(401);
    expect((await read(service)).status).toBe(403);
    const answer = await read(api);
    expect([answer.status, await answer.json()]).toEqual([200, { routes: [] }]);
    expect((await read(api, { 'if-none-match': answer.headers.get('etag') })).status).toBe(304);
  });

  it('lead only to upstreams the gateway allows, and let nobody pass where they name another', async () => {
    const through = async (path: string) =>
      (await send(proxy.url, { host: 'proxied.example.test', 'x-forwarded-proto': 'https' }, { path }))
        .status;
    const proxied = { hosts: ['proxied.example.test'], schemes: ['http'], public: true };
    await create(route({ ...proxied, name: 'wrong', path: '/wrong', upstream: elsewhere.url, position: 1 }));
    await create(route({ ...proxied, name: 'right', upstream: upstream.url }));
    await until(() => through('/right'), 200);
    expect(await through('/wrong')).toBe(403);
    expect(elsewhere.seen).toEqual([]);
    expect(proxy.output()).toContain('the kept route wrong lets nobody pass');
    // Known routes stay in force while nobody can be asked.
    await world.server.stop();
    await pause(4_500);
    expect([await through('/right'), await through('/wrong')]).toEqual([200, 403]);
  }, 60_000);
});
