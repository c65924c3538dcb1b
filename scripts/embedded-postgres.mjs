import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort, isFree } from './free-port.mjs';
import { isReachable, postgresBinaries, postgresIdentity, publicFolder } from './postgres-binaries.mjs';
import { clearStalePidFile, endOf, signal } from './postgres-end.mjs';

// A real PostgreSQL for people who have none: a cluster in a folder of ours, on loopback, behind a password made up at first start.
//
// It must not outlive the process that started it, not even when that is killed with -9. So PostgreSQL runs under a small shell that
// waits for the end of a pipe whose other end only we hold, and then stops it.

const run = promisify(execFile);
const superuser = 'curfew';
const unsafe = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };

/**
 * @typedef {object} Cluster
 * @property {string} url of the database `curfew`
 * @property {number} port
 * @property {number} postmaster process id
 * @property {string} data where its files are
 * @property {(database: string) => string} urlOf
 * @property {Promise<string>} ended resolves when it runs no more, to how that came
 * @property {() => Promise<void>} stop ends it in good order
 * @property {() => void} crash kills it as a power cut would
 */

/**
 * Starts the cluster of `home` (making it at first use) and resolves when it takes connections.
 * @param {{ home: string, fsync?: boolean, settings?: Record<string, string>, onLog?: (line: string) => void }} options
 * @returns {Promise<Cluster>}
 */
export async function startPostgres({ home, fsync = true, settings = {}, onLog = () => {} }) {
  if (process.platform === 'win32')
    throw new Error('embedded PostgreSQL needs Linux or macOS: use WSL, or set DATABASE_URL');
  const identity = postgresIdentity();
  const binaries = postgresBinaries(identity);
  const data = dataFolder(home, identity);
  const { password } = await ensureCluster(home, data, binaries, identity);
  await clearStalePidFile(data);
  const port = await stablePort(home);
  const flags = { ...(fsync ? {} : unsafe), ...settings };
  const { child, ended } = await launched(
    () => launch(binaries.postgres, data, port, identity, flags),
    onLog,
  );
  const postmaster = Number(readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const urlOf = (/** @type {string} */ database) =>
    `postgresql://${superuser}:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  return {
    url: urlOf('curfew'),
    port,
    postmaster,
    data,
    urlOf,
    ended,
    stop: () => stop(child, postmaster),
    crash: () => crash(child, postmaster),
  };
}

/** The data folder: below `home` if PostgreSQL's user can get there, else in a public place. */
function dataFolder(home, identity) {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const inside = path.join(path.resolve(home), 'postgres');
  if (!identity) return inside;
  // Its user passes through; every file of ours in there stays closed by its own mode.
  if (statSync(home).uid === process.getuid?.()) chmodSync(home, 0o711);
  if (isReachable(inside, identity)) return inside;
  const id = createHash('sha256').update(inside).digest('hex').slice(0, 16);
  return path.join(publicFolder(`curfew-data-${id}`), 'postgres');
}

async function ensureCluster(home, data, { initdb }, identity) {
  const file = path.join(home, 'postgres.json');
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  if (known.password && existsSync(path.join(data, 'PG_VERSION'))) return known;
  // Made under another name first: a half-made cluster never gets the right one.
  removeLeftovers(data);
  const fresh = `${data}.new-${randomBytes(4).toString('hex')}`;
  const passwordFile = `${fresh}.password`;
  const password = randomBytes(24).toString('base64url');
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (identity) for (const one of [fresh, passwordFile]) chownSync(one, identity.uid, identity.gid);
  try {
    await run(
      initdb,
      [
        ...[
          '-D',
          fresh,
          '-U',
          superuser,
          `--pwfile=${passwordFile}`,
          '--auth=scram-sha-256',
          '--encoding=UTF8',
        ],
        ...[
          '--locale-provider=builtin',
          '--builtin-locale=C.UTF-8',
          '--locale=C',
          '--no-sync',
          '--no-instructions',
        ],
      ],
      { ...as(identity), cwd: '/', env: environment() },
    );
  } catch (error) {
    throw new Error(`PostgreSQL could not make its data folder: ${error.stderr || error.message}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  await makeDatabase(fresh, identity);
  writeFileSync(file, JSON.stringify({ ...known, password }, null, 2), { mode: 0o600 });
  renameSync(fresh, data);
  return { password };
}

/** Removes the leftovers of a start that was killed half-way. If its `initdb` is still busy, the next start cleans up. */
function removeLeftovers(data) {
  const name = path.basename(data);
  for (const entry of readdirSync(path.dirname(data))) {
    if (entry !== name && !entry.startsWith(`${name}.new-`)) continue;
    try {
      rmSync(path.join(path.dirname(data), entry), { recursive: true, force: true });
    } catch (error) {
      if (entry === name) throw error;
    }
  }
}

/** `initdb` leaves only system databases; ours is made in single-user mode, before anybody can connect. */
async function makeDatabase(data, identity) {
  const { postgres } = postgresBinaries(identity);
  const child = spawn(postgres, ['--single', '-D', data, '-c', 'fsync=off', 'postgres'], {
    ...as(identity),
    cwd: '/',
    env: environment(),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  child.stdin.end('CREATE DATABASE curfew;\n');
  const [code] = await new Promise((resolve, reject) =>
    child.on('error', reject).on('close', (...outcome) => resolve(outcome)),
  );
  if (code !== 0) throw new Error(`PostgreSQL could not make its first database: ${said}`);
}

const as = (identity) => (identity ? { uid: identity.uid, gid: identity.gid } : {});

/** Nothing of ours: PostgreSQL reads a dozen PG* variables, and has no business with our secrets. */
const environment = () => ({ PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' });

function launch(postgres, data, port, identity, settings) {
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '64MB',
    jit: 'off',
    // Input of people must not reach a log file through an error message or its statement.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // SIGINT is PostgreSQL's "fast" shutdown: end the connections, write a checkpoint, go. The pipe needs a number of its own, because
  // a shell gives its background jobs /dev/null for standard input.
  const script = `exec 3<&0
    "$@" 3<&- & pg=$!
    trap 'kill -INT $pg; wait $pg; exit' TERM INT HUP
    (cat <&3 >/dev/null; kill -INT $pg) &
    wait $pg`;
  return spawn('/bin/sh', ['-c', script, 'sh', postgres, '-D', data, ...flags], {
    ...as(identity),
    cwd: '/',
    env: environment(),
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true, // Ctrl-C in the terminal must not stop the database before those who use it
  });
}

/**
 * Waits for the last ones of a postmaster that was killed: a backend in the middle of its work notices only then, and until it is gone
 * PostgreSQL refuses the folder, because the memory that they shared is in use.
 * @param {() => import('node:child_process').ChildProcess} begin @param {(line: string) => void} onLog
 */
async function launched(begin, onLog) {
  for (let waited = 0; ; waited += 200) {
    const child = begin();
    const ended = endOf(child);
    try {
      await untilReady(child, onLog);
      return { child, ended };
    } catch (error) {
      if (waited >= 15_000 || !/shared memory block .* is still in use/.test(error.message)) throw error;
      await ended;
      await pause(200);
    }
  }
}

/** @param {import('node:child_process').ChildProcess} child @param {(line: string) => void} onLog */
async function untilReady(child, onLog) {
  let said = '';
  let late;
  try {
    await new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ what) => reject(new Error(`PostgreSQL ${what}: ${said}`));
      late = setTimeout(fail, 60_000, 'did not start within 60 s');
      child.once('error', reject).once('exit', () => fail('did not start'));
      child.stderr?.setEncoding('utf8').on('data', (chunk) => {
        said = (said + chunk).slice(-4_000);
        for (const line of chunk.split('\n').filter(Boolean)) onLog(line);
        if (/ready to accept (read-only )?connections/.test(said)) resolve(undefined);
      });
    });
  } catch (error) {
    child.stdin?.end();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** @param {import('node:child_process').ChildProcess} child @param {number} postmaster */
async function stop(child, postmaster) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin?.end();
  const late = setTimeout(() => signal(postmaster, 'SIGQUIT'), 10_000);
  await ended;
  clearTimeout(late);
}

/**
 * The postmaster's children notice within moments that it is gone.
 * @param {import('node:child_process').ChildProcess} child @param {number} postmaster
 */
function crash(child, postmaster) {
  signal(postmaster, 'SIGKILL');
  child.stdin?.end(); // the process at the other end of the pipe stops waiting
}

/** The port of last time while it is free, so that an address that somebody noted down stays right. */
async function stablePort(home) {
  const file = path.join(home, 'postgres.json');
  const known = JSON.parse(readFileSync(file, 'utf8'));
  const port = known.port && (await isFree(known.port)) ? known.port : await freePort();
  if (port !== known.port) writeFileSync(file, JSON.stringify({ ...known, port }, null, 2), { mode: 0o600 });
  return port;
}
