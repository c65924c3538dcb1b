import type { Instant } from '@curfew/session-policy';
import type { Figures } from './stats.store.js';

/** Figures with the instant they were counted at. */
export interface Counted<Of = Figures> {
  readonly at: Instant;
  readonly figures: Of;
}

/** Figures are counted at most this often, however many ask. Milliseconds. */
const keptFor = 5_000;
/**
 * Counting takes one part in this many of a process's time: a million sessions are counted every half minute and not every five
 * seconds.
 */
const share = 100;
/** A count that took longer than this is not waited for: the last count is returned while the next one runs. Milliseconds. */
const worthWaiting = 100;
/** Nothing older is answered, however long a count takes. Milliseconds. */
const oldest = 600_000;

/** Figures of the whole installation, counted by one for all who ask, and the more seldom the more there is to count. */
export class Stats<Of = Figures> {
  #last: (Counted<Of> & { readonly tookMs: number }) | undefined;
  #counting: Promise<Counted<Of>> | undefined;

  constructor(private readonly source: { figures(now: Instant): Promise<Of> }) {}

  /** The figures, and when they were counted: a few seconds ago, with a million sessions up to a minute. */
  async read(now: Instant): Promise<Counted<Of>> {
    const last = this.#last;
    const age = last ? now - last.at : Number.POSITIVE_INFINITY;
    if (last && age >= 0 && age < Math.max(keptFor, share * last.tookMs)) return last;
    this.#counting ??= this.#count(now).finally(() => {
      this.#counting = undefined;
    });
    if (!last || last.tookMs <= worthWaiting || age < 0 || age > oldest) return this.#counting;
    // A failed count is tried again at the next request.
    this.#counting.catch(() => {});
    return last;
  }

  async #count(now: Instant): Promise<Counted<Of>> {
    const began = performance.now();
    const figures = await this.source.figures(now);
    this.#last = { at: now, figures, tookMs: performance.now() - began };
    return this.#last;
  }
}
