import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

// Started the way `npm start` does it: by a node process of its own, which can be killed.
const starter = `
  import { startPostgres } from './scripts/embedded-postgres.mjs';
  const cluster = await startPostgres({ home: process.argv[1], settings: { shared_buffers: '16MB', max_connections: '20' } });
  process.on('SIGTERM', () => cluster.stop().then(() => process.exit(0)));
  console.log(JSON.stringify({ url: cluster.url, postmaster: cluster.postmaster, port: cluster.port, data: cluster.data }));
  setInterval(() => {}, 1000);`;

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly postmaster: number;
  readonly port: number;
  readonly data: string;
  end(signal: NodeJS.Signals): Promise<void>;
}

let home: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'curfew-embedded-'));
});
afterEach(async () => {
  const ends = children.splice(0).map((child) => ended(child, 'SIGKILL'));
  await Promise.all(ends);
  await pause(500);
  await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

async function start(at = home): Promise<Started> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', starter, at], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', resolve);
    child.once('exit', () => reject(new Error(said)));
  });
  return { child, ...JSON.parse(line), end: (signal) => ended(child, signal) };
}

const answer = async (url: string): Promise<unknown> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('CREATE TABLE IF NOT EXISTS "kept" ("id" SERIAL); INSERT INTO "kept" DEFAULT VALUES');
    return (await client.query('SELECT count(*)::int AS count FROM "kept"')).rows[0].count;
  } finally {
    await client.end();
  }
};
const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
async function untilDead(pid: number): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (lives(pid) && performance.now() < deadline) await pause(20);
  expect(lives(pid)).toBe(false);
}

describe('embedded PostgreSQL', () => {
  it('stops with the process that started it, and keeps its data, its password and its port', async () => {
    const first = await start();
    expect(await answer(first.url)).toBe(1);
    await first.end('SIGTERM');
    await untilDead(first.postmaster);
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await answer(second.url)).toBe(2);
  });

  it('does not outlive a process killed with -9, and comes back with everything that was committed', async () => {
    const first = await start();
    expect(await answer(first.url)).toBe(1);
    await first.end('SIGKILL');
    // At once, without waiting: the old one may still be on its way out.
    const second = await start();
    expect(await answer(second.url)).toBe(2);
    expect(lives(first.postmaster)).toBe(false);
    await second.end('SIGKILL');
    await untilDead(second.postmaster);
  });

  it('starts although a stale postmaster.pid names a living process', async () => {
    const first = await start();
    await answer(first.url);
    process.kill(first.postmaster, 'SIGKILL');
    await first.end('SIGKILL');
    await untilDead(first.postmaster);
    const file = path.join(home, 'postgres', 'postmaster.pid');
    const lines = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, [String(process.pid), ...lines.slice(1)].join('\n'));
    expect(await answer((await start()).url)).toBe(2);
  });

  it('leaves another PostgreSQL alone whose number stands in a stale postmaster.pid', async () => {
    const elsewhere = await mkdtemp(path.join(os.tmpdir(), 'curfew-embedded-'));
    const [first, other] = [await start(), await start(elsewhere)];
    expect([await answer(first.url), await answer(other.url)]).toEqual([1, 1]);
    process.kill(first.postmaster, 'SIGKILL');
    await first.end('SIGKILL');
    await untilDead(first.postmaster);
    const file = path.join(home, 'postgres', 'postmaster.pid');
    const lines = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, [String(other.postmaster), ...lines.slice(1)].join('\n'));
    expect(await answer((await start()).url)).toBe(2);
    expect(await answer(other.url)).toBe(2);
    await other.end('SIGTERM');
    await rm(elsewhere, { recursive: true, force: true });
  });

  it('waits for a backend of the one that was killed, which notices only when its work is done', async () => {
    const first = await start();
    await answer(first.url);
    const client = new pg.Client({ connectionString: first.url });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const busy = client
      .query(
        "DO $$ DECLARE until timestamptz := clock_timestamp() + interval '3 s'; BEGIN WHILE clock_timestamp() < until LOOP NULL; END LOOP; END $$",
      )
      .catch(() => undefined);
    await pause(300);
    process.kill(first.postmaster, 'SIGKILL');
    await first.end('SIGKILL');
    expect(lives(rows[0].pid)).toBe(true);
    const second = await start();
    expect(await answer(second.url)).toBe(2);
    await busy;
    await client.end().catch(() => undefined);
  });

  it('takes another port when somebody else sits on its own', async () => {
    const first = await start();
    await first.end('SIGTERM');
    const squatter = net.createServer();
    await new Promise<void>((resolve) => squatter.listen(first.port, '127.0.0.1', resolve));
    const second = await start();
    expect(second.port).not.toBe(first.port);
    await answer(second.url);
    squatter.close();
  });

  it('makes its data again when the first start was killed half-way', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', starter, home], {
      stdio: 'ignore',
    });
    children.push(child);
    while (!(await readdir(home)).some((name) => name.startsWith('postgres.new-'))) await pause(5);
    await pause(100);
    await ended(child, 'SIGKILL');
    expect(await answer((await start()).url)).toBe(1);
  });

  it('is reached only with a password, and from this machine', async () => {
    const { url, port } = await start();
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(answer(wrong.href)).rejects.toThrow(/password authentication failed/);
    const file = path.join(home, 'postgres.json');
    expect((await stat(file)).mode & 0o077).toBe(0);
    const elsewhere = Object.values(os.networkInterfaces())
      .flat()
      .find((one) => one && !one.internal && one.family === 'IPv4')?.address;
    if (elsewhere === undefined) return;
    const outcome = await new Promise((resolve) =>
      net
        .connect(port, elsewhere)
        .once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
        .once('connect', () => resolve('connected')),
    );
    expect(outcome).toBe('ECONNREFUSED');
  });

  it('works below a folder that only root may enter', async () => {
    if (process.getuid?.() !== 0) return; // any other user runs PostgreSQL as itself
    await chmod(home, 0o700);
    const closed = home;
    home = path.join(closed, 'deeper', '.curfew');
    try {
      const { url, data, end } = await start();
      expect(await answer(url)).toBe(1);
      await end('SIGTERM');
      expect(data.startsWith(closed)).toBe(false);
      await rm(path.dirname(data), { recursive: true });
    } finally {
      home = closed;
    }
  });
});
