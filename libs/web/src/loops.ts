import { setMaxListeners } from 'node:events';
import { untilBeat } from '@curfew/clock';
import type { Logger } from 'pino';

/** Work that repeats at such intervals, in milliseconds, may be heavy. */
const seldomMs = 5_000;
/** The most that listen for the stop: each loop, and what the jobs under way have handed the signal to. */
const maxListening = 100;

/** Work that a process repeats without being asked. Each job has its own loop, never overlaps with itself, and outlives its failures. */
export class BackgroundLoops {
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[] = [];

  /** A failure is logged at `level`. */
  constructor(
    private readonly log: Logger,
    private readonly level: 'error' | 'warn' = 'error',
  ) {
    setMaxListeners(maxListening, this.#stopping.signal);
  }

  /** Aborts when the loops stop, so that a long job can break off. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Repeats `work` about every `intervalMs`; the log calls it `subject`. */
  every(intervalMs: number, subject: string, work: () => Promise<unknown>): void {
    this.#loops.push(this.#repeat(intervalMs, subject, work));
  }

  /** Resolves when the runs under way are over; no other one begins. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  async #repeat(intervalMs: number, subject: string, work: () => Promise<unknown>): Promise<void> {
    const { signal } = this;
    while (!signal.aborted) {
      // Rare work is spread out, so that nodes that started together do not work in step.
      const spread = intervalMs < seldomMs ? 1 : 0.9 + Math.random() * 0.2;
      await untilBeat(intervalMs * spread, signal);
      if (signal.aborted) return;
      await work().catch((err: unknown) =>
        this.log[this.level]({ err }, `${subject} failed; it is tried again`),
      );
    }
  }
}
