import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Verifier } from '@curfew/resource-server';
import { type CountingUpstream, countingUpstream, SocketReader } from '../support/counting-upstream.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { isInstalled, type OtherProxy, startHaproxyForLogin } from '../support/other-proxies.js';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';
import { StreamReader } from '../support/stream-reader.js';
import { type EngineClient, EngineWorld, sessionOf, type Tokens } from './engine-world.js';
import { acknowledgeWithoutName, apiClientOf, countingPassedOn, followThrough } from './passed-on.js';
import { asHeader } from './protocol-world.js';

// A node of each kind is stopped behind HAProxy while streams are read through it: each reader is sent to the other node.

const canRun = isInstalled('haproxy');
if (!canRun) console.warn('haproxy is not installed: streams through it are not tried');

/** A moment, and as much as a busy machine adds to it. */
const comesBackWithinMs = 2_000;

const haproxy = { login: 0, admin: 0, gateway: 0, figures: 0 };
let world: EngineWorld;
let proxy: OtherProxy;
let admins: RunningServer[];
let gateways: RunningGateway[];
let upstream: CountingUpstream;
let folder: string;
beforeAll(async () => {
  if (!canRun) return;
  for (const name of ['login', 'admin', 'gateway', 'figures'] as const) haproxy[name] = await freePort();
  world = await EngineWorld.start({
    settings: {
      CURFEW_ISSUER: `http://localhost:${haproxy.login}`,
      CURFEW_ADMIN_URL: `http://localhost:${haproxy.admin}`,
      CURFEW_SHUTDOWN_DELAY: '1500ms',
    },
  });
  upstream = await countingUpstream();
  folder = await mkdtemp(join(tmpdir(), 'curfew-streams-'));
  admins = [await startAdmin(await freePort()), await startAdmin(await freePort())];
  const [first, second] = [await freePort(), await freePort()];
  const ports = world.nodes.map(({ port }) => port);
  const adminPorts = admins.map(({ port }) => port);
  const more = [...inFrontOf('admin', adminPorts), ...inFrontOf('gateway', [first, second]), ...figures()];
  proxy = await startHaproxyForLogin(haproxy.login, ports, { more: more.join('\n') });
  gateways = [await startOneGateway(first), await startOneGateway(second)];
  await allAreUp();
}, 120_000);
afterAll(async () => {
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()));
  await Promise.all((admins ?? []).map((admin) => admin.kill()));
  await proxy?.stop();
  await world?.stop();
  await upstream?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
}, 60_000);

/** HAProxy’s own words about its servers. */
const figures = () => [
  'frontend figures',
  `    bind 127.0.0.1:${haproxy.figures}`,
  '    stats enable',
  '    stats uri /figures',
];

/** The lines of HAProxy for two more processes, asked for their health as in the example. */
const inFrontOf = (name: 'admin' | 'gateway', ports: readonly number[]): string[] => [
  `frontend ${name}`,
  `    bind 127.0.0.1:${haproxy[name]}`,
  `    default_backend ${name}s`,
  `backend ${name}s`,
  '    option httpchk',
  `    http-check send meth GET uri /health/ready hdr Host ${name === 'admin' ? `localhost:${haproxy.admin}` : 'health'}`,
  '    default-server check inter 300ms fall 2 rise 1',
  ...ports.map((port) => `    server ${name}${port} 127.0.0.1:${port}`),
];

function startAdmin(port: number): Promise<RunningServer> {
  const {
    PATH: _,
    CURFEW_DEV_FILE: _file,
    ...settings
  } = world.nodes[0]!.environment as Record<string, string>;
  return startServer({
    databaseUrl: world.database.url,
    main: 'apps/admin-api/dist/main.js',
    listensAt: { portSetting: 'CURFEW_ADMIN_PORT', urlSetting: 'CURFEW_ADMIN_URL' },
    settings: { ...settings, CURFEW_ADMIN_PORT: String(port) },
  });
}

async function startOneGateway(port: number): Promise<RunningGateway> {
  const { client_id: id, client_secret: secret, resource } = world.data.clients.api;
  const file = join(folder, 'routes.yaml');
  await writeFile(join(folder, 'secret'), secret, { mode: 0o600 });
  await writeFile(
    file,
    `apis: { orders: { audience: ${resource}, clientId: ${id}, clientSecretFile: secret } }
routes: [{ name: open, hosts: ['localhost:${haproxy.gateway}'], schemes: [http], path: /**, public: true, upstream: '${upstream.url}' }]`,
  );
  return startGateway(world.nodes[0]!, {
    CURFEW_GATEWAY_ROUTES: file,
    CURFEW_GATEWAY_PORT: String(port),
    CURFEW_SHUTDOWN_DELAY: '1500ms',
  });
}

const apiClient = (): EngineClient => apiClientOf(world);

/** Waits until HAProxy sends requests to every server. */
const allAreUp = () =>
  until(async () => {
    const answer = await fetch(`http://127.0.0.1:${haproxy.figures}/figures;csv`);
    const servers = (await answer.text())
      .split('\n')
      .filter((line) => /,(node|admin|gateway)\d+,/.test(line));
    return servers.length === 6 && servers.every((line) => line.split(',')[17] === 'UP');
  }, 30_000);

/** Does the work again and again while `restart` goes on, and once more afterwards. */
async function meanwhile(restart: Promise<unknown>, work: () => Promise<void>): Promise<void> {
  let isOver = false;
  const over = restart.finally(() => {
    isOver = true;
  });
  while (!isOver) await work();
  await over;
  await work();
}

/** Restarts both nodes in turn, each once the proxy has seen the other one. */
async function restartNodes(): Promise<void> {
  for (const node of [0, 1]) {
    await world.replace(node, {});
    await allAreUp();
  }
}

(canRun ? describe : describe.skip)('the session feed through a load balancer', () => {
  let verifier: Verifier;
  let client: EngineClient;
  let passedOn: Awaited<ReturnType<typeof countingPassedOn>>;
  beforeAll(async () => {
    client = await world.client();
    passedOn = await countingPassedOn(world);
    verifier = await followThrough(world);
  });
  afterAll(async () => {
    await verifier?.close();
    await passedOn?.end();
  });

  it('brings each acknowledgement to the node of its stream, and no node passes one on', async () => {
    const before = passedOn.count();
    await pause(4_000);
    expect(verifier.following).toBe(true);
    expect(passedOn.count()).toBe(before);
    // Without the name of the node they arrive by turns, and half of them are passed on over the database.
    await acknowledgeWithoutName(world);
    expect(passedOn.count()).toBeGreaterThan(before);
  }, 20_000);

  it('goes on at the other node when one stops: no end is missed, and a confirmed one is denied at once', async () => {
    const reader = new StreamReader(`${world.issuer}/session-feed`, asHeader(apiClient() as never));
    await reader.until(() => reader.messages.some(({ event }) => event === 'beat'));
    const ended: string[] = [];
    const lapses: string[] = [];
    const watching = setInterval(() => {
      if (!verifier.following) lapses.push(new Date().toISOString());
    }, 20);
    const verify = async ({ access_token: token }: Tokens) =>
      (await verifier.verify({ headers: { authorization: `Bearer ${token}` } })).kind;
    const extra = { resource: world.data.clients.api.resource, scope: 'openid orders:read' };
    await meanwhile(restartNodes(), async () => {
      const tokens = await signInThroughProxy(client, extra);
      expect(await verify(tokens)).toBe('allowed');
      const answer = await fetch(`${world.issuer}/revocation`, {
        method: 'POST',
        headers: asHeader(client as never),
        body: new URLSearchParams({ token: tokens.refresh_token, confirm: 'true' }),
      });
      expect([answer.status, await verify(tokens)]).toEqual([200, 'refused']);
      ended.push(tokens.sid);
    });
    const told = () =>
      reader.messages
        .filter(({ event }) => event === 'ends')
        .flatMap(({ data }) => (JSON.parse(data) as { sessions: string[] }).sessions);
    await reader.until(() => ended.every((sid) => told().includes(sid)));
    clearInterval(watching);
    await reader.stop();
    expect(ended.length).toBeGreaterThan(10);
    // The verdicts that are remembered stay trusted all the time.
    expect(lapses).toEqual([]);
    const nodes = reader.streams.map(({ headers }) => headers.get('session-feed-node'));
    expect(nodes.length).toBeGreaterThan(1);
    for (const [at, node] of nodes.entries()) expect(node).not.toBe(nodes[at - 1]);
    const elsewhere = reader.messages.filter(({ event }) => event === 'elsewhere');
    expect(elsewhere).toHaveLength(nodes.length - 1);
    expect(Math.max(...reader.gaps)).toBeLessThan(comesBackWithinMs);
  }, 90_000);
});

/** Somebody who is signed in already gets tokens, by way of the proxy. */
async function signInThroughProxy(client: EngineClient, extra: Record<string, string>): Promise<Tokens> {
  const { code, verifier: codeVerifier } = await world.code(client, extra);
  const answer = await fetch(`${world.issuer}/token`, {
    method: 'POST',
    headers: asHeader(client as never),
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      code_verifier: codeVerifier,
      redirect_uri: world.callback,
    }),
  });
  const tokens = (await answer.json()) as Tokens;
  if (!answer.ok) throw new Error(`no tokens: ${answer.status} ${JSON.stringify(tokens)}`);
  return { ...tokens, sid: sessionOf(tokens.refresh_token) };
}

(canRun ? describe : describe.skip)('the stream of events through a load balancer', () => {
  it('goes on at the other process when one stops, for a page and for the command line: nothing missing, nothing twice', async () => {
    const { client_id: id, client_secret: secret } = world.data.clients.admin;
    const answer = await fetch(`${world.issuer}/token`, {
      method: 'POST',
      headers: asHeader({ id, secret } as never),
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'events:read',
        resource: `http://localhost:${haproxy.admin}`,
      }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const query = 'type=client.changed&client=counted';
    const reader = new StreamReader(`http://localhost:${haproxy.admin}/v1/events/stream?${query}`, {
      authorization: `Bearer ${token}`,
    });
    const printed = followWithCommandLine(id, secret);
    await reader.until(() => reader.streams.length > 0);
    const numbersRead = () =>
      reader.messages
        .filter(({ event }) => event === 'client.changed')
        .map(({ data }) => (JSON.parse(data) as { data: { n: number } }).data.n);
    // Nobody says when the command line has begun to follow.
    await until(async () => {
      await write(-1);
      await pause(300);
      return printed.numbers().length > 0;
    });
    let n = 0;
    await meanwhile(restartAdmins(), async () => {
      await write(n++);
      await pause(20);
    });
    const all = Array.from({ length: n }, (_, at) => at);
    await until(async () => numbersRead().includes(n - 1) && printed.numbers().includes(n - 1));
    await reader.stop();
    await printed.stop();
    expect(n).toBeGreaterThan(50);
    expect(numbersRead().filter((number) => number >= 0)).toEqual(all);
    expect(printed.numbers().filter((number) => number >= 0)).toEqual(all);
    expect(printed.others()).toEqual([]);
    expect(reader.streams.length).toBeGreaterThan(1);
    expect(reader.messages.filter(({ event }) => event === 'elsewhere')).toHaveLength(
      reader.streams.length - 1,
    );
    expect(Math.max(...reader.gaps)).toBeLessThan(comesBackWithinMs);
  }, 90_000);
});

async function restartAdmins(): Promise<void> {
  for (const [at, admin] of admins.entries()) {
    await admin.stop();
    admins[at] = await startAdmin(admin.port);
    await allAreUp();
  }
}

const write = (n: number) =>
  world.database.query(
    `INSERT INTO event (id, at, type, client_id, data) VALUES (gen_random_uuid(), now(), 'client.changed', 'counted', jsonb_build_object('n', $1::int))`,
    [n],
  );

async function until(holds: () => Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not so within ${withinMs} ms`);
    await pause(20);
  }
}

/** `curfew events --follow`, and the numbers of the events that it printed. */
function followWithCommandLine(id: string, secret: string) {
  const child = spawn(
    process.execPath,
    [
      'apps/cli/bin/curfew.mjs',
      '--json',
      'events',
      '--follow',
      '--type',
      'client.changed',
      '--client',
      'counted',
    ],
    {
      env: {
        PATH: process.env['PATH'] ?? '',
        CURFEW_ADMIN_URL: `http://localhost:${haproxy.admin}`,
        CURFEW_ISSUER: world.issuer,
        CURFEW_CLI_CLIENT_ID: id,
        CURFEW_CLI_CLIENT_SECRET: secret,
      },
    },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  const lines = () =>
    out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return {
    numbers: (): number[] => lines().map(({ data }) => data.n),
    /** Its output beside events: that its stream broke, for example. */
    others: () => err.split('\n').filter((line) => line !== ''),
    async stop() {
      child.kill('SIGINT');
      await new Promise((resolve) => child.once('close', resolve));
    },
  };
}

(canRun ? describe : describe.skip)('streams of an application behind two gateways', () => {
  it('are ended between two messages when one stops, and their clients go on at the other', async () => {
    const address = `http://localhost:${haproxy.gateway}`;
    const events = new StreamReader(`${address}/events`, {});
    const sockets = new SocketReader(`${address}/socket`);
    await events.until(() => events.messages.length > 5 && sockets.numbers.length > 5);
    for (const [at, gateway] of gateways.entries()) {
      await gateway.stop();
      gateways[at] = await startOneGateway(gateway.port);
      await allAreUp();
    }
    await events.stop();
    await sockets.stop();
    const numbers = events.messages.map(({ data }) => Number(data));
    expect(numbers).toEqual(numbers.map((_, at) => numbers[0]! + at));
    expect(sockets.numbers).toEqual(sockets.numbers.map((_, at) => sockets.numbers[0]! + at));
    expect([events.streams.length > 1, sockets.statuses.length > 0]).toEqual([true, true]);
    expect(Math.max(...events.gaps)).toBeLessThan(comesBackWithinMs);
    // "Service restart", to the client, and by its answer to the application as well.
    expect(new Set(sockets.statuses)).toEqual(new Set([1012]));
    expect(upstream.statuses).toEqual(sockets.statuses);
  }, 90_000);
});
