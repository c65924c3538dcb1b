import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.mjs';

// PgBouncer in front of a database, for tests and benchmarks, where the machine has one. PGBOUNCER_PATH names another one.

const binary = process.env.PGBOUNCER_PATH ?? 'pgbouncer';

/** The version of the PgBouncer of this machine, as [major, minor], or undefined where there is none. */
export function poolerVersion() {
  try {
    const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(
      execFileSync(binary, ['--version'], { encoding: 'utf8' }),
    );
    return [Number(major), Number(minor)];
  } catch {
    return undefined;
  }
}

/** Whether a PgBouncer keeps prepared statements in transaction mode, as it does from 1.21 on. */
export const keepsPreparedStatements = (version) =>
  version !== undefined && (version[0] > 1 || version[1] >= 21);

const standard = {
  listen_addr: '127.0.0.1',
  unix_socket_dir: '',
  auth_type: 'any',
  pool_mode: 'transaction',
  default_pool_size: 10,
  max_client_conn: 500,
};

/** Starts PgBouncer in front of a database, with settings by their own names. */
export async function startPooler(databaseUrl, settings) {
  const target = new URL(databaseUrl);
  const port = await freePort();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'curfew-pooler-'));
  const file = path.join(folder, 'pgbouncer.ini');
  const all = { ...standard, listen_port: port, logfile: path.join(folder, 'log'), ...settings };
  const server = `host=${target.hostname} port=${target.port} user=${target.username} password=${decodeURIComponent(target.password)}`;
  const lines = [
    '[databases]',
    `* = ${server}`,
    '[pgbouncer]',
    ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  chmodSync(folder, 0o777);
  let child = await run(file, port);
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    get pid() {
      return child.pid;
    },
    async restart() {
      await end(child);
      child = await run(file, port);
    },
    async stop() {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function run(file, port) {
  // PgBouncer does not run as root.
  const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(binary, ['-q', file], { stdio: 'ignore', ...asNobody });
  for (let tries = 0; tries < 100; tries += 1) {
    if (await answers(port)) return child;
    if (child.exitCode !== null) break;
    await pause(50);
  }
  throw new Error(`PgBouncer did not start; its configuration is ${file}`);
}

const answers = (port) =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

async function end(child) {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await ended;
}
