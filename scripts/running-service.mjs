import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { at, top } from './repository.mjs';

/** One process of the product: started, waited for, stopped. Its standard input is the pipe by which it learns that we are gone. */
export class RunningService {
  #child;
  #stopping = false;

  /**
   * @param {{ key: string, title: string, main: string, port: number, url: string }} service
   * @param {{ env: NodeJS.ProcessEnv, home: string, onDeath: (service: RunningService, status: string) => void }} surroundings
   */
  constructor(service, { env, home, onDeath }) {
    this.service = service;
    this.logFile = path.join(home, 'log', `${service.key}.log`);
    mkdirSync(path.dirname(this.logFile), { recursive: true, mode: 0o700 });
    // It writes into the file itself: a pipe through us would break when we are killed, and some loggers then never let go.
    const log = openSync(this.logFile, 'w', 0o600);
    this.#child = spawn(process.execPath, ['--enable-source-maps', at(service.main)], {
      cwd: top,
      env: { ...env, CURFEW_EXIT_WITH_PARENT: 'true' },
      stdio: ['pipe', log, log],
      detached: true, // Ctrl-C reaches us alone, and we stop things in order
    });
    closeSync(log);
    this.#child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve) =>
      this.#child.once('close', (code, signal) => {
        resolve(undefined);
        if (!this.#stopping) onDeath(this, signal ?? `status ${code}`);
      }),
    );
  }

  /** The end of what it printed. */
  get lastWords() {
    return readFileSync(this.logFile, 'utf8').slice(-4_000).trimEnd();
  }

  get alive() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves to true when it says that it is ready, to false when it dies first or takes too long. */
  async ready(withinMs = 60_000) {
    const deadline = performance.now() + withinMs;
    while (this.alive && performance.now() < deadline) {
      if (await saysReady(this.service)) return true;
      await pause(50);
    }
    return false;
  }

  /** Lets it finish what it began, but not for ever. */
  async stop(graceMs = 15_000) {
    this.#stopping = true;
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(late);
  }

  kill() {
    this.#stopping = true;
    this.#child.kill('SIGKILL');
  }
}

/** The servers answer only to their own name, so the question carries it. */
function saysReady({ port, url }) {
  return new Promise((resolve) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path: '/health/ready',
        headers: { host: new URL(url).host },
        timeout: 2_000,
      },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    asked.on('timeout', () => asked.destroy()).on('error', () => resolve(false));
    asked.end();
  });
}
