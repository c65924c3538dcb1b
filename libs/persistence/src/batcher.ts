// The ways in which work of many requests reaches the database: together in one statement, and again when it lost against other work.

import { setTimeout as pause } from 'node:timers/promises';
import { isRetryable } from './failures.js';

/** How many batches may be under way at once, how large one may be, and how long an item may wait for its batch. */
export interface BatchLimits {
  readonly inFlight: number;
  readonly largest: number;
  /** Milliseconds; 2,000 unless given. */
  readonly longestWaitMs?: number;
}

/** The item waited too long for its turn: the database is too slow at the moment, and nothing was done. */
export class WaitedTooLong extends Error {
  override readonly name = 'WaitedTooLong';
  /** SQLSTATE of class 53, insufficient resources: like a pool without a free connection, this is answered with 503. */
  readonly code = '53400';

  constructor() {
    super('waited too long for a place in a statement');
  }
}

interface Waiting<Item, Outcome> {
  readonly item: Item;
  readonly since: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Items that come within one turn of the event loop, or while the maximum number of statements is under way, go together in the next
 * statement. An idle server gains no latency; a busy one shares the round trip, the commit and the overhead of the driver among many. An
 * item that waits in vain is refused in time, so that a slow database makes neither the queue nor the answers longer and longer.
 */
export class Batcher<Item, Outcome> {
  readonly #longestWaitMs: number;
  #waiting: Waiting<Item, Outcome>[] = [];
  #underWay = 0;
  #isGathering = false;
  #watch: NodeJS.Timeout | undefined;

  /** `run` answers for each item, in their order. If it fails for several, each is run alone, so that one cannot fail the others. */
  constructor(
    private readonly run: (items: readonly Item[]) => Promise<readonly Outcome[]>,
    private readonly limits: BatchLimits,
    private readonly isEveryonesFault: (error: unknown) => boolean,
  ) {
    this.#longestWaitMs = limits.longestWaitMs ?? 2_000;
  }

  /** Resolves with the item's own outcome. */
  submit(item: Item): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, since: performance.now(), resolve, reject });
      if (this.#isGathering) return;
      this.#isGathering = true;
      // All that the same turn of the event loop brings goes together; waiting for its end costs no one time.
      setImmediate(() => {
        this.#isGathering = false;
        this.#next();
      });
    });
  }

  #next(): void {
    while (this.#underWay < this.limits.inFlight && this.#waiting.length > 0) {
      this.#underWay += 1;
      void this.#carryOut(this.#waiting.splice(0, this.limits.largest)).finally(() => {
        this.#underWay -= 1;
        this.#next();
      });
    }
    if (this.#waiting.length > 0)
      this.#watch ??= setTimeout(() => this.#giveUp(), this.#longestWaitMs).unref();
  }

  /** They wait in the order in which they came, so those that waited too long are at the front. */
  #giveUp(): void {
    this.#watch = undefined;
    const tooOld = performance.now() - this.#longestWaitMs;
    const patient = this.#waiting.findIndex(({ since }) => since > tooOld);
    for (const { reject } of this.#waiting.splice(0, patient === -1 ? this.#waiting.length : patient))
      reject(new WaitedTooLong());
    const [first] = this.#waiting;
    if (first) {
      const left = Math.max(1, first.since - tooOld);
      this.#watch = setTimeout(() => this.#giveUp(), left).unref();
    }
  }

  async #carryOut(batch: readonly Waiting<Item, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.run(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index]!);
    } catch (error) {
      if (batch.length === 1 || this.isEveryonesFault(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      await Promise.all(batch.map((one) => this.#carryOut([one])));
    }
  }
}

/**
 * Runs `work`, a whole transaction, and runs it again when it lost against another one (40001, 40P01), at most `attempts` times in all.
 * Anything else, and the last conflict, is thrown as it is.
 */
export async function retrying<T>(work: () => Promise<T>, attempts = 3): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !isRetryable(error)) throw error;
      // Spread out, so that two that met do not meet again.
      await pause(Math.random() * 10 * 2 ** attempt);
    }
  }
}
