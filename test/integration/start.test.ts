import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { progress } from '../../scripts/progress.mjs';
import { freePort } from '../support/ports.js';

// The launcher as a person runs it, on ports and in a folder of its own.

interface Launch {
  readonly child: ChildProcess;
  output(): string;
  /** Resolves when the banner is there, rejects when it ends before. */
  ready(): Promise<void>;
  readonly status: Promise<number | null>;
}

let home: string;
let settings: Record<string, string>;
const launches: Launch[] = [];

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'curfew-start-'));
  const ports = ['CURFEW_AUTH_PORT', 'CURFEW_ADMIN_PORT', 'CURFEW_GATEWAY_PORT', 'CURFEW_CALLBACK_PORT'];
  settings = { CURFEW_HOME: home };
  for (const name of ports) settings[name] = String(await freePort());
});
afterEach(async () => {
  const left = launches.splice(0);
  for (const { child, status } of left) {
    child.kill('SIGKILL');
    await status;
  }
  // Its servers end with it, but not at once on a busy machine, and the next test wants their ports.
  if (left.length > 0) await untilNothingRuns();
});
afterAll(async () => {
  await untilNothingRuns();
  await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

function launch(more: Readonly<Record<string, string>> = {}): Launch {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|CURFEW_|DATABASE_URL|TEST_|NODE_ENV)/.test(name),
  );
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    env: { ...Object.fromEntries(inherited), ...settings, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said += text));
  const status = new Promise<number | null>((resolve) => child.once('close', resolve));
  const launched: Launch = {
    child,
    status,
    output: () => said,
    async ready() {
      while (!said.includes('Ctrl-C stops everything')) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended:\n${said}`);
        await pause(20);
      }
    },
  };
  launches.push(launched);
  return launched;
}

const port = (): number => Number(settings['CURFEW_AUTH_PORT']);
const takesConnections = (at: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(at, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
const databasePort = async (): Promise<number> =>
  JSON.parse(await readFile(path.join(home, 'postgres.json'), 'utf8')).port;

const databaseUrl = async (): Promise<string> =>
  JSON.parse(await readFile(path.join(home, 'dev.json'), 'utf8')).databaseUrl;
const isReady = (): Promise<boolean> =>
  fetch(`http://localhost:${port()}/health/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );

async function untilNothingRuns(): Promise<void> {
  const ports = [port(), await databasePort()];
  const deadline = performance.now() + 15_000;
  let open = true;
  while (open && performance.now() < deadline) {
    await pause(50);
    open = (await Promise.all(ports.map(takesConnections))).includes(true);
  }
  expect(open).toBe(false);
  while (processesOfOurs().length > 0 && performance.now() < deadline) await pause(50);
  expect(processesOfOurs()).toEqual([]);
}

/** Every process that was started with our folder in its environment, by its command; Linux tells. */
function processesOfOurs(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        if (!environment.includes(`CURFEW_HOME=${home}`)) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return []; // gone meanwhile
      }
    });
}

/** As the kernel does where memory runs out. Its data folder may lie outside of ours, so it is asked for its process id. */
async function killDatabase(): Promise<{ pid: number }> {
  const client = new pg.Client({ connectionString: await databaseUrl() });
  client.on('error', () => {}); // its connection dies with it
  await client.connect();
  const { rows } = await client.query(
    "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid",
  );
  const { pid } = rows[0];
  process.kill(pid, 'SIGKILL');
  await client.end().catch(() => {});
  return { pid };
}

async function until(holds: () => boolean | Promise<boolean>, output: () => string): Promise<void> {
  const deadline = performance.now() + 40_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`in vain; it said:\n${output()}`);
    await pause(50);
  }
}

describe('the progress of a start', () => {
  it('names each step, and says again that a step which lasts goes on, until it is done', async () => {
    const lines: string[] = [];
    const { say, done } = progress((line: string) => lines.push(line), 5);
    say('Compiling');
    while (lines.length < 3) await pause(5);
    say('Starting gateway');
    done();
    const told = lines.length;
    await pause(30);
    expect(lines.slice(0, 2)).toEqual(['  Compiling …', '    still at it after 0 s']);
    expect([lines.length, lines.at(-1)]).toEqual([told, '  Starting gateway …']);
  });
});

describe('npm start', () => {
  it('sets everything up, says what runs where, and stops everything when asked to', async () => {
    const { child, output, ready, status } = launch();
    await ready();
    expect(output()).toContain(`http://localhost:${port()}`);
    expect(output()).toContain('Making a PostgreSQL');
    // It says what is there and nothing else: every address answers, and a clock that can be moved is named.
    const told = new Set(output().match(/http:\/\/localhost:\d+/g));
    // The admin API leads to the console, whose name below `localhost` browsers know and resolvers may not.
    const asked = [...told].map((url) => fetch(url, { redirect: 'manual' }));
    const answered = (await Promise.all(asked)).map(({ status }) => status < 500);
    expect([told.size >= 3, answered.every(Boolean)]).toEqual([true, true]);
    expect(output()).toMatch(/Virtual clock +on/);
    expect(output()).toMatch(
      /Console +http:\/\/console\.localhost:\d+\/console\/ +sign in as operator@example\.test/,
    );
    const discovery = await fetch(`http://localhost:${port()}/.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({ issuer: `http://localhost:${port()}` });
    child.kill('SIGINT');
    expect(await status).toBe(0);
    await untilNothingRuns();
    expect(await readdir(home)).not.toContain('start.lock');
  }, 120_000);

  it('makes up its secrets once, readable for nobody else', async () => {
    const files = ['dev.json', 'secrets.json', 'postgres.json'];
    const read = () => Promise.all(files.map((file) => readFile(path.join(home, file), 'utf8')));
    const before = await read();
    for (const file of files) expect((await stat(path.join(home, file))).mode & 0o777).toBe(0o600);
    expect(
      new Set(JSON.parse(before[0]!).accounts.map(({ password }: { password: string }) => password)).size,
    ).toBe(3);
    expect(JSON.parse(before[1]!).keyEncryptionSecrets[0]).toMatch(/^development-only-.{43}$/);
    const { child, ready, status } = launch();
    await ready();
    child.kill('SIGTERM');
    expect(await status).toBe(0);
    expect(await read()).toEqual(before);
  }, 60_000);

  it('makes nothing a second time, refuses a second start, and leaves nothing when killed with -9', async () => {
    const first = launch();
    await first.ready();
    // The time it takes is measured by bench/start.mjs.
    expect(first.output()).not.toMatch(/Compiling|Installing|Generating|Making|Bundling|Building/);

    const second = launch();
    expect(await second.status).toBe(1);
    expect(second.output()).toContain(`already running (process ${first.child.pid}`);
    expect(await takesConnections(port())).toBe(true);

    first.child.kill('SIGKILL');
    await first.status;
    await untilNothingRuns();
    const third = launch(); // the lock of the dead one does not stand in the way
    await third.ready();
  }, 120_000);

  it('says that its PostgreSQL died and starts it again, but gives up where that does not last', async () => {
    const { output, ready, status } = launch();
    await ready();
    const { pid: before } = await killDatabase();
    await until(() => output().includes('PostgreSQL runs again'), output);
    expect(output()).toContain('PostgreSQL ended unexpectedly (SIGKILL); starting it again');
    await until(isReady, output);

    expect((await killDatabase()).pid).not.toBe(before);
    expect(await status).toBe(1);
    expect(output()).toContain('PostgreSQL ended unexpectedly again (SIGKILL)');
    await untilNothingRuns();
  }, 120_000);

  it('says which port is taken, and by which setting to choose another', async () => {
    const squatter = net.createServer();
    await untilNothingRuns();
    await new Promise<void>((resolve) => squatter.listen(port(), '127.0.0.1', resolve));
    const { status, output } = launch();
    expect(await status).toBe(1);
    expect(output()).toContain(`Port ${port()}`);
    expect(output()).toContain('CURFEW_AUTH_PORT');
    await new Promise((resolve) => squatter.close(resolve));
    await untilNothingRuns();
  }, 60_000);

  it('makes nothing up for production, and passes on every fault by name', async () => {
    const { status, output } = launch({ CURFEW_MODE: 'production', CURFEW_VIRTUAL_CLOCK: 'true' });
    expect(await status).toBe(1);
    for (const name of ['CURFEW_ISSUER', 'CURFEW_KEY_ENCRYPTION_SECRETS', 'CURFEW_VIRTUAL_CLOCK'])
      expect(output()).toContain(name);
  }, 60_000);
});
