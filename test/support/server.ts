import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './ports.js';

/** The data that the first start wrote down for scripts and examples. */
export interface FirstRunData {
  readonly issuer: string;
  readonly operator: string;
  readonly accounts: readonly { readonly username: string; readonly password: string }[];
  readonly clients: Readonly<
    Record<
      'web' | 'spa' | 'service' | 'device' | 'api' | 'admin' | 'console' | 'gateway',
      {
        readonly client_id: string;
        readonly client_secret: string;
        readonly redirect_uris: readonly string[];
        readonly resource: string;
        readonly scope: string;
      }
    >
  >;
}

/** A started process of the product. */
export interface RunningServer {
  readonly issuer: string;
  readonly port: number;
  readonly pid: number;
  /** The environment it runs with, to start another node like it. */
  readonly environment: Readonly<Record<string, string>>;
  firstRunData(): Promise<FirstRunData>;
  /** Everything it has printed so far. */
  output(): string;
  /** Asks it to stop and resolves with its exit status. */
  stop(): Promise<number | null>;
  /** Kills it without asking. */
  kill(): Promise<void>;
}

/** How a server is started. */
export interface ServerOptions {
  readonly databaseUrl: string;
  /** Settings by their names, added to the defaults for tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The built file, from the top of the repository. */
  readonly main?: string;
  /** Which settings say where that file listens; the authorization server's by default. */
  readonly listensAt?: { readonly portSetting: string; readonly urlSetting: string };
}

const top = fileURLToPath(new URL('../..', import.meta.url));

/** Starts the built authorization server on a free port and resolves when it is ready. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-server-'));
  const port = await freePort();
  const { portSetting, urlSetting } = options.listensAt ?? {
    portSetting: 'CURFEW_AUTH_PORT',
    urlSetting: 'CURFEW_ISSUER',
  };
  const environment: Record<string, string> & { readonly CURFEW_DEV_FILE: string } = {
    PATH: process.env['PATH'] ?? '',
    CURFEW_MODE: 'test',
    [urlSetting]: `http://localhost:${port}`,
    [portSetting]: String(port),
    CURFEW_DEV_FILE: path.join(folder, 'dev.json'),
    CURFEW_KEY_ENCRYPTION_SECRETS: randomBytes(32).toString('hex'),
    CURFEW_EXIT_WITH_PARENT: 'true',
    CURFEW_LOG_LEVEL: 'warn',
    CURFEW_ARGON2_MEMORY: '8MiB',
    CURFEW_ARGON2_TIME: '1',
    DATABASE_URL: options.databaseUrl,
    ...options.settings,
  };
  const logFile = path.join(folder, 'log');
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(process.execPath, [options.main ?? 'apps/auth-server/dist/main.js'], {
    cwd: top,
    env: environment,
    // Into a file: a pipe would break if the test run were killed, and a broken one must not keep a server alive.
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  let last: string | undefined;
  const printed = (): string => last ?? readFileSync(logFile, 'utf8');
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const removed = exited.then(() => {
    last = readFileSync(logFile, 'utf8');
    return rm(folder, { recursive: true, force: true });
  });
  const url = environment[urlSetting]!;
  // Each process of several has as much to load.
  const patienceMs = 40_000 * Number(environment['CURFEW_WORKERS'] ?? 1);
  await untilReady(Number(environment[portSetting]), url, child, printed, patienceMs);
  return {
    issuer: url,
    port: Number(environment[portSetting]),
    pid: child.pid!,
    environment,
    firstRunData: async () => JSON.parse(await readFile(environment.CURFEW_DEV_FILE, 'utf8')),
    output: printed,
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await removed;
    },
  };
}

/** Polls the health door, under the name the server expects to be called by. */
async function untilReady(
  port: number,
  issuer: string,
  child: ChildProcess,
  output: () => string,
  patienceMs: number,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended before it was ready:\n${output()}`);
    if ((await healthOf(port, new URL(issuer).host)) === 200) return;
    await pause(50);
  }
  child.kill('SIGKILL');
  throw new Error(`the server was not ready after ${patienceMs / 1000} s:\n${output()}`);
}

function healthOf(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const question = { host: '127.0.0.1', port, path: '/health/ready', headers: { host }, timeout: 2_000 };
    const asked = get(question, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('timeout', () => asked.destroy()).on('error', () => resolve(undefined));
  });
}
