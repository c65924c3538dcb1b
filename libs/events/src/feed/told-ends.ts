import type { AnnouncedEnds } from './announcement.js';

/** Ends known as told while an old transaction holds the position back; beyond that all are forgotten, and some are told again. */
const maxTold = 100_000;

/** The ends that were told since the position before the last, so that reading them again does not tell them again. */
export class ToldEnds {
  #last = new Set<string>();
  #before = new Set<string>();

  constructor(private readonly max = maxTold) {}

  /** Whether this end was not told yet; from now on it was. */
  isNew(key: string): boolean {
    if (this.#last.has(key) || this.#before.has(key)) return false;
    if (this.#last.size >= this.max) this.#last = new Set();
    this.#last.add(key);
    return true;
  }

  /** The position has moved on: ends that were told before the previous position are not read again. */
  advance(): void {
    [this.#before, this.#last] = [this.#last, new Set()];
  }

  /** Those of these ends that have not been told yet; they count as told from now on. A mass end is told again with its exact instant, once. */
  untold({ sessions, tokens, all }: AnnouncedEnds): AnnouncedEnds {
    const isNew = (key: string): boolean => this.isNew(key);
    return {
      sessions: sessions.filter(isNew),
      tokens: tokens.filter(isNew),
      all: all.filter(({ kind, target, at }) => isNew(`${kind}:${target}:${at}`)),
    };
  }
}
