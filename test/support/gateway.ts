import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './ports.js';
import type { RunningServer } from './server.js';

/** A started gateway. */
export interface RunningGateway {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  output(): string;
  stop(): Promise<void>;
  /** Kills it without asking. */
  kill(): Promise<void>;
}

const top = fileURLToPath(new URL('../..', import.meta.url));

/** Starts the built gateway beside an authorization server; resolves when it follows the feed. */
export async function startGateway(
  server: Pick<RunningServer, 'environment'>,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningGateway> {
  const port = Number(settings['CURFEW_GATEWAY_PORT'] ?? (await freePort()));
  const { PATH = '', CURFEW_ISSUER = '', CURFEW_DEV_FILE = '' } = server.environment;
  const child = spawn(process.execPath, ['apps/gateway/dist/main.js'], {
    cwd: top,
    env: {
      PATH,
      CURFEW_MODE: 'test',
      CURFEW_ISSUER,
      CURFEW_DEV_FILE,
      CURFEW_GATEWAY_PORT: String(port),
      CURFEW_EXIT_WITH_PARENT: 'true',
      CURFEW_LOG_LEVEL: 'warn',
      ...settings,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (printed += text));
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + 40_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the gateway ended before it was ready:\n${printed}`);
    if (performance.now() > deadline) throw new Error(`the gateway was not ready after 40 s:\n${printed}`);
    // Under another name than the address: a route may pass that on.
    if ((await fetch(`http://localhost:${port}/health/ready`).catch(() => undefined))?.ok) break;
    await pause(50);
  }
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child.kill(signal);
    await exited;
  };
  return {
    url,
    port,
    pid: child.pid!,
    output: () => printed,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
