import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type HashingQuestion, HashingQuestions } from './exchange.js';
import type { Hashing, HashingCost } from './hashing.js';
import { changeScheduling, StandingBack } from './standing-back.js';

/** How a hashing process ended that nobody had told to. */
export interface HashingProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** How many passwords waited for it. */
  readonly waiting: number;
  /** It stood behind all other work, got nothing done there, and could not come forward: another one begins in front. */
  readonly starved?: true;
}

/** How a hashing process is run. */
export interface HashingProcessOptions {
  /** How many hashes it computes at a time, each with its own memory. */
  readonly concurrency: number;
  /** Hears of every end nobody asked for; the next process is started already, or soon. */
  readonly onEnd?: (end: HashingProcessEnd) => void;
  /** Milliseconds without any answer, while some are due, after which it counts as stuck. */
  readonly patienceMs?: number;
  /** The built program, where it does not stand beside this file. */
  readonly script?: string;
}

const builtScript = fileURLToPath(new URL('./hashing-main.js', import.meta.url));
/** Environment variables a process may need in order to start; none of them is secret. */
const passedOn = ['LD_LIBRARY_PATH', 'LD_PRELOAD', 'SystemRoot', 'TZ'];
const maxPauseMs = 5_000;
const farewellMs = 2_000;

/**
 * Hashes in a process of its own, at a lower priority and mostly behind everything else (StandingBack), so that no flood of
 * sign-ins takes processor, threads or memory from the process that answers. It starts at the first password and ends with
 * this process, however that ends. When it dies, another one takes its place and is asked once more; then HashingOverloaded
 * is raised. Passwords go through the pipe only.
 */
export class HashingProcess implements Hashing {
  readonly #questions = new HashingQuestions((question) => this.#put(question));
  #child: ChildProcess | undefined;
  #standing: StandingBack | undefined;
  #starved = false;
  #pause: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  /** Ends since the last answer. */
  #ends = 0;
  #stopped = false;

  constructor(private readonly options: HashingProcessOptions) {}

  hash(password: string, cost: HashingCost): Promise<string> {
    return this.#watched(this.#questions.hash(password, cost));
  }

  verify(hash: string, password: string): Promise<boolean> {
    return this.#watched(this.#questions.verify(hash, password));
  }

  /** The process id, while there is a process. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it before the first password comes, so that the first person does not wait for it. */
  start(): void {
    if (!this.#child && !this.#pause) this.#start();
  }

  /** Ends the process, and refuses all questions that wait. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#pause);
    clearTimeout(this.#watch);
    this.#standing?.stop();
    this.#questions.close();
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.connected) child.disconnect();
    const late = setTimeout(() => child.kill('SIGKILL'), farewellMs);
    await ended;
    clearTimeout(late);
  }

  #put(question: HashingQuestion): boolean {
    const child = this.#child;
    if (!child) {
      // Starting puts every question that waits, this one too.
      if (!this.#pause) this.#start();
      return false;
    }
    // A question that cannot be written is sent again after the process has ended.
    child.send(question, () => {});
    this.#standing?.asked(this.#questions.waiting);
    return true;
  }

  #start(): void {
    this.#pause = undefined;
    if (this.#stopped) return;
    const child = this.#fork();
    this.#child = child;
    if (!child) {
      this.#ended(undefined, null, null);
      return;
    }
    this.#standing = this.#standingOf(child);
    child.on('message', (message) => {
      if (!this.#questions.heard(message)) return;
      this.#ends = 0;
      this.#standing?.answered(this.#questions.waiting);
      this.#look();
    });
    child.once('disconnect', () => this.#stopped || child.kill('SIGKILL'));
    child.on('error', () => child.pid === undefined && this.#ended(child, null, null));
    child.once('exit', (code, signal) => this.#ended(child, code, signal));
    this.#questions.again();
  }

  #standingOf(child: ChildProcess): StandingBack {
    return new StandingBack({
      change: (scheduling) => changeScheduling(child.pid!, scheduling),
      onStuck: () => {
        this.#starved = child.kill('SIGKILL');
      },
      now: () => performance.now(),
    });
  }

  #fork(): ChildProcess | undefined {
    const env: Record<string, string> = { UV_THREADPOOL_SIZE: String(this.options.concurrency) };
    for (const name of passedOn) if (process.env[name] !== undefined) env[name] = process.env[name]!;
    try {
      return fork(this.options.script ?? builtScript, [], {
        env,
        // A profile or a debugger of this process is not meant for that one.
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
    } catch {
      // The machine has no memory or no process to spare at the moment.
      return undefined;
    }
  }

  #ended(child: ChildProcess | undefined, code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#standing?.stop();
    if (this.#stopped) return;
    const starved = this.#starved ? ({ starved: true } as const) : {};
    this.#starved = false;
    this.options.onEnd?.({ code, signal, waiting: this.#questions.waiting, ...starved });
    this.#questions.lost();
    this.#ends += 1;
    // The first exit may be an accident, so it is followed at once; repeated exits get a growing pause.
    const pauseMs = this.#ends === 1 ? 0 : Math.min(100 * 2 ** (this.#ends - 2), maxPauseMs);
    this.#pause = setTimeout(() => this.#start(), pauseMs);
  }

  #watched<T>(answer: Promise<T>): Promise<T> {
    if (this.#stopped) this.#questions.close();
    else if (!this.#watch) this.#look();
    return answer;
  }

  /** Looks out for a process that is there and says nothing. */
  #look(): void {
    clearTimeout(this.#watch);
    this.#watch = undefined;
    if (this.#questions.waiting === 0 || this.#stopped) return;
    this.#watch = setTimeout(() => {
      this.#watch = undefined;
      this.#child?.kill('SIGKILL');
      this.#look();
    }, this.options.patienceMs ?? 30_000);
  }
}
