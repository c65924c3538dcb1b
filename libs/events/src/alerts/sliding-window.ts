/** A window is kept in so many steps; what is counted is off by one step at most. */
const steps = 12;

interface Tally {
  /** Counts by step number modulo `steps`. */
  readonly counts: number[];
  step: number;
}

/**
 * Counts by key over the last `windowMs`. It holds `mostKeys` keys at most: beyond that the one that was quiet longest goes, so a
 * flood of keys costs bounded memory and whoever is at it stays counted.
 */
export class SlidingCounts {
  readonly #tallies = new Map<string, Tally>();
  readonly #stepMs: number;

  constructor(
    windowMs: number,
    private readonly mostKeys: number,
  ) {
    this.#stepMs = windowMs / steps;
  }

  /** Adds to a key at an instant in milliseconds, and says what the window holds of it. */
  add(key: string, at: number, amount = 1): number {
    const step = Math.floor(at / this.#stepMs);
    const tally = this.#tallies.get(key) ?? { counts: new Array<number>(steps).fill(0), step };
    this.#tallies.delete(key);
    if (this.#tallies.size >= this.mostKeys) this.#tallies.delete(this.#tallies.keys().next().value!);
    this.#tallies.set(key, tally);
    if (step <= tally.step - steps) return sum(tally.counts);
    for (let passed = Math.max(tally.step, step - steps) + 1; passed <= step; passed += 1)
      tally.counts[passed % steps] = 0;
    tally.step = Math.max(tally.step, step);
    tally.counts[step % steps]! += amount;
    return sum(tally.counts);
  }

  /** Keys held at the moment. */
  get size(): number {
    return this.#tallies.size;
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/**
 * Different values by key over the last `windowMs`, remembered up to `mostValues` each, which must be at least what is asked for.
 * Bounded in keys like `SlidingCounts`.
 */
export class SlidingDistinct {
  readonly #seen = new Map<string, Map<string, number>>();

  constructor(
    private readonly windowMs: number,
    private readonly mostKeys: number,
    private readonly mostValues: number,
  ) {}

  /** Adds a value of a key at an instant in milliseconds, and gives the values the window holds of it, oldest first. */
  add(key: string, value: string, at: number): readonly string[] {
    const values = this.#seen.get(key) ?? new Map<string, number>();
    this.#seen.delete(key);
    if (this.#seen.size >= this.mostKeys) this.#seen.delete(this.#seen.keys().next().value!);
    this.#seen.set(key, values);
    values.delete(value);
    values.set(value, at);
    for (const [known, seenAt] of values) {
      if (seenAt > at - this.windowMs && values.size <= this.mostValues) break;
      values.delete(known);
    }
    return [...values.keys()];
  }

  /** Keys held at the moment. */
  get size(): number {
    return this.#seen.size;
  }
}
