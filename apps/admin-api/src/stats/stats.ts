import type { Instant } from '@curfew/session-policy';
import type { Figures, StatsStore } from './stats.store.js';

/** Figures are counted at most this often, however many ask. Milliseconds. */
const keptFor = 5_000;

/** Figures with the instant they were counted at; many callers share one count. */
export class Stats {
  #last: { readonly at: Instant; readonly figures: Promise<Figures> } | undefined;

  constructor(private readonly store: StatsStore) {}

  /** The figures, at most a few seconds old. */
  async read(now: Instant): Promise<{ readonly at: Instant; readonly figures: Figures }> {
    if (!this.#last || now - this.#last.at >= keptFor || now < this.#last.at) {
      const entry = { at: now, figures: this.store.figures(now) };
      this.#last = entry;
      // What failed is not kept.
      entry.figures.catch(() => {
        if (this.#last === entry) this.#last = undefined;
      });
    }
    const { at, figures } = this.#last;
    return { at, figures: await figures };
  }
}
