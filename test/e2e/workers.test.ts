import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';
import { asHeader, ProtocolWorld } from './protocol-world.js';

// The parent of each process, and the process behind each connection, are read from /proc.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

let world: ProtocolWorld;
let metricsPort: number;
let again: RunningServer | undefined;
const lines: Line[] = [];

/** One connection, kept open. */
class Line {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  worker = 0;

  constructor(private readonly port: number) {
    lines.push(this);
  }

  async open(): Promise<this> {
    await this.send('/health/live');
    const [socket] = Object.values(this.#agent.freeSockets).flat();
    this.worker = workerOf(socket!, this.port, processes(world.server.pid).workers);
    return this;
  }

  send(path: string, form?: Record<string, string>, headers: Record<string, string> = {}) {
    return new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port: this.port,
          path,
          method: form ? 'POST' : 'GET',
          agent: this.#agent,
          headers: {
            host: `localhost:${this.port}`,
            ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
            ...headers,
          },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk) => {
            text += chunk;
          });
          answer.on('error', reject).on('end', () => {
            const json = /json/.test(answer.headers['content-type'] ?? '') && text !== '';
            // A socket is free again only after this event.
            setImmediate(() =>
              resolve({ status: answer.statusCode ?? 0, body: json ? JSON.parse(text) : {} }),
            );
          });
        },
      );
      asked.on('error', reject).end(form ? new URLSearchParams(form).toString() : undefined);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};
function processes(primary: number) {
  const all = childrenOf(primary);
  const hashing = all.filter((pid) => commandOf(pid).includes('hashing-main'));
  return { workers: all.filter((pid) => !hashing.includes(pid)), hashing, all };
}

/** The process that has the other end of a connection: by its inode in the table of TCP connections. */
function workerOf({ localPort }: Socket, port: number, candidates: readonly number[]): number {
  const hex = (value: number) => `:${value.toString(16).toUpperCase().padStart(4, '0')}`;
  const entry = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => local?.endsWith(hex(port)) && remote?.endsWith(hex(localPort ?? 0)));
  const name = `socket:[${entry?.[9]}]`;
  const has = (pid: number) =>
    readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === name;
      } catch {
        return false;
      }
    });
  return candidates.find(has) ?? 0;
}

const isAlive = (pid: number): boolean => /^\d+ \(.*\) [^ZX]/s.test(statOf(pid));
const statOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
};
async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
/** Connections until each worker has at least `each`. */
async function linesToAll(each: number): Promise<Line[][]> {
  const { workers } = processes(world.server.pid);
  const open: Line[] = [];
  const of = (pid: number) => open.filter(({ worker }) => worker === pid);
  while (workers.some((pid) => of(pid).length < each)) {
    expect(open.length).toBeLessThan(each * 20);
    open.push(await new Line(world.server.port).open());
  }
  return workers.map((pid) => of(pid).slice(0, each));
}
const scrape = async (): Promise<string> => {
  const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  return answer.status === 200 ? answer.text() : '';
};
const figure = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? Number.NaN,
  );
const discovered = 'curfew_http_requests_total{route="discovery",method="GET",status="200"}';
const discovery = '/.well-known/openid-configuration';
const mostConnections = 100;
const twoServe = async () => figure(await scrape(), 'curfew_workers_serving') === 2;

beforeAll(async () => {
  metricsPort = await freePort();
  world = await ProtocolWorld.start({
    CURFEW_WORKERS: '2',
    CURFEW_METRICS_PORT: String(metricsPort),
    CURFEW_MAX_CONNECTIONS: String(mostConnections),
  });
}, 90_000);
afterEach(() => {
  for (const line of lines.splice(0)) line.close();
});
afterAll(async () => {
  await again?.kill();
  await world.stop();
});

onLinux('two workers of one authorization server', () => {
  it('share a port, and what one gives out is good at the other and ended by either', async () => {
    expect(processes(world.server.pid)).toMatchObject({ workers: [0, 0].fill(expect.any(Number)) });
    const [[one], [other]] = (await linesToAll(1)) as [[Line], [Line]];
    const client = world.clients.web;
    const { body } = await world.signIn(client, { scope: 'openid offline_access', prompt: 'consent' });
    const refresh = (line: Line, token: string) =>
      line.send('/token', { grant_type: 'refresh_token', refresh_token: token }, asHeader(client));
    const asked = (line: Line, token: unknown) =>
      line.send('/introspection', { token: String(token) }, asHeader(client));
    const first = await refresh(one, body.refresh_token);
    expect(first.status).toBe(200);
    const second = await refresh(other, String(first.body['refresh_token']));
    expect(second.status).toBe(200);
    expect((await asked(other, first.body['access_token'])).body['active']).toBe(true);
    expect((await asked(one, second.body['access_token'])).body['active']).toBe(true);
    const given = { token: String(second.body['refresh_token']) };
    expect((await one.send('/revocation', given, asHeader(client))).status).toBe(200);
    for (const line of [one, other])
      expect((await asked(line, second.body['access_token'])).body['active']).toBe(false);
  });

  it('give one successor to fifty parallel uses of one refresh token', async () => {
    const connections = (await linesToAll(25)).flat();
    expect(new Set(connections.map(({ worker }) => worker)).size).toBe(2);
    const client = world.clients.web;
    const { body } = await world.signIn(client, { scope: 'openid offline_access', prompt: 'consent' });
    const form = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) };
    const answers = await Promise.all(connections.map((line) => line.send('/token', form, asHeader(client))));
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    const successors = new Set(
      answers.filter(({ status }) => status === 200).map((answer) => answer.body['refresh_token']),
    );
    expect(successors.size).toBe(1);
    expect((await world.refresh(client, String([...successors][0]))).status).toBe(200);
  });

  it('close connections beyond what all of them accept, and hand them around to nobody', async () => {
    let closed = 0;
    const sockets = Array.from({ length: 2 * mostConnections + 20 }, () =>
      connect(world.server.port, '127.0.0.1')
        .on('error', () => {})
        .on('close', () => {
          closed += 1;
        }),
    );
    await until('those beyond are closed', () => closed >= 20);
    for (const socket of sockets) socket.destroy();
    await until('there is room again', () =>
      new Line(world.server.port).send(discovery).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  });

  it('have their figures added up, each request once', async () => {
    const [ones, others] = (await linesToAll(1)) as [Line[], Line[]];
    const before = figure(await scrape(), discovered) || 0;
    for (let round = 0; round < 10; round += 1)
      for (const line of [ones[0]!, others[0]!, ones[0]!]) await line.send(discovery);
    await until('thirty more were counted', async () => figure(await scrape(), discovered) >= before + 30);
    const text = await scrape();
    expect(figure(text, discovered)).toBe(before + 30);
    expect(figure(text, 'curfew_workers_serving')).toBe(2);
    // One of them looks after the outbox, so its age is not added to itself.
    expect(figure(text, 'curfew_outbox_lag_seconds')).toBeGreaterThanOrEqual(0);
    expect(figure(text, 'process_resident_memory_bytes')).toBeGreaterThan(100e6);
  });

  it('go on when one is killed; it is replaced, and no counter falls', async () => {
    // The first of them looks after the outbox, so its successor must.
    const before = processes(world.server.pid).workers;
    const counted = figure(await scrape(), discovered);
    const statusOnNewLine = () =>
      new Line(world.server.port).send('/health/ready').then(
        (answer) => answer.status,
        () => 0,
      );
    process.kill(before[0]!, 'SIGKILL');
    // Some of these are handed to the dead one: they are reset, and nobody waits for ever.
    const atOnce = await Promise.all(Array.from({ length: 8 }, statusOnNewLine));
    expect(atOnce.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4);
    let answered = 0;
    await until('twenty answers in a row on new connections', async () => {
      const status = await statusOnNewLine();
      answered = status === 200 ? answered + 1 : 0;
      return answered >= 20;
    });
    await until('two serve again', twoServe);
    const text = await scrape();
    expect(figure(text, discovered)).toBeGreaterThanOrEqual(counted);
    expect(figure(text, 'curfew_workers_replaced')).toBe(1);
    expect(figure(text, 'curfew_outbox_lag_seconds')).toBeGreaterThanOrEqual(0);
    expect(processes(world.server.pid).workers).toHaveLength(2);
    expect(processes(world.server.pid).workers).not.toContain(before[0]);
  }, 90_000);

  it('have their passwords hashed by one process, and by another when it is killed', async () => {
    const client = world.clients.web;
    await world.signIn(client);
    const [hashing, ...more] = processes(world.server.pid).hashing;
    expect(more).toEqual([]);
    process.kill(hashing!, 'SIGKILL');
    expect((await world.signIn(client)).status).toBe(200);
    expect(processes(world.server.pid).hashing).toHaveLength(1);
    expect(processes(world.server.pid).hashing).not.toContain(hashing);
  });

  it('fail to start as one process would, with its status', async () => {
    const { environment } = world.server;
    const second = spawn(process.execPath, ['apps/auth-server/dist/main.js'], {
      env: { ...environment, CURFEW_EXIT_WITH_PARENT: '', DATABASE_URL: 'postgresql://127.0.0.1:1/none' },
      stdio: 'ignore',
    });
    expect(await new Promise((resolve) => second.once('exit', resolve))).toBe(1);
  }, 90_000);

  it('stop together at a SIGTERM, and leave nothing running', async () => {
    const { all } = processes(world.server.pid);
    expect(all).toHaveLength(3);
    expect(await world.server.stop()).toBe(0);
    await until('all are gone', () => all.every((pid) => !isAlive(pid)));
  });

  it('end when their primary is killed', async () => {
    const { environment } = world.server;
    again = await startServer({
      databaseUrl: world.database.url,
      settings: { ...environment, CURFEW_AUTH_PORT: String(world.server.port) },
    });
    const { all } = processes(again.pid);
    expect(all).toHaveLength(3);
    await again.kill();
    await until('all are gone', () => all.every((pid) => !isAlive(pid)));
  }, 90_000);
});
