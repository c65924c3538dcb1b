/** The number of steps in which a window is kept; a count is off by one step at most. */
const steps = 12;

interface Tally {
  /** Counts by step number modulo `steps`. */
  readonly counts: number[];
  step: number;
}

/** So often a key is passed over, at the most, when room is needed. */
const maxChances = 64;

interface Kept<T> {
  readonly value: T;
  /** How often it is still passed over: once for whatever was counted of it beyond its first. */
  chances: number;
}

/**
 * Something by key, of at most `most` keys. When room is needed the one that was quiet longest goes, unless there was more of it than once:
 * then it gets another round for each time. So a flood of keys that come once pushes out others of its kind, and a key with more than a
 * fair share of everything stays (the idea of "space saving", Metwally et al. 2005). The cost of a key is paid by its own count, so the
 * work per event is constant.
 */
class BoundedKeys<T> {
  readonly #kept = new Map<string, Kept<T>>();

  constructor(
    private readonly most: number,
    private readonly make: () => T,
  ) {}

  /** The value of a key that was just seen, `amount` times. */
  seen(key: string, amount = 1): T {
    const known = this.#kept.get(key);
    if (known) this.#kept.delete(key);
    else this.#makeRoom();
    const chances = Math.min(maxChances, known ? known.chances + amount : amount - 1);
    const value = known ? known.value : this.make();
    this.#kept.set(key, { value, chances });
    return value;
  }

  /** The value of a key, if it is still known. */
  get(key: string): T | undefined {
    return this.#kept.get(key)?.value;
  }

  get size(): number {
    return this.#kept.size;
  }

  #makeRoom(): void {
    while (this.#kept.size >= this.most) {
      const [key, kept] = this.#kept.entries().next().value!;
      this.#kept.delete(key);
      if (kept.chances <= 0) return;
      kept.chances -= 1;
      this.#kept.set(key, kept);
    }
  }
}

/**
 * Counts by key over the last `windowMs`. It holds `maxKeys` keys at most, so a flood of keys costs bounded memory, and whoever comes
 * again stays counted.
 */
export class SlidingCounts {
  readonly #tallies: BoundedKeys<Tally>;
  readonly #stepMs: number;

  constructor(windowMs: number, maxKeys: number) {
    this.#stepMs = windowMs / steps;
    this.#tallies = new BoundedKeys(maxKeys, () => ({ counts: new Array<number>(steps).fill(0), step: 0 }));
  }

  /** Adds to a key at an instant in milliseconds, and says what the window holds of it. */
  add(key: string, at: number, amount = 1): number {
    const step = Math.floor(at / this.#stepMs);
    const tally = this.#tallies.seen(key, amount);
    if (step <= tally.step - steps) return sum(tally.counts);
    for (let passed = Math.max(tally.step, step - steps) + 1; passed <= step; passed += 1)
      tally.counts[passed % steps] = 0;
    tally.step = Math.max(tally.step, step);
    tally.counts[step % steps]! += amount;
    return sum(tally.counts);
  }

  /** The count of a key in the window at an instant, without adding to it. */
  read(key: string, at: number): number {
    const tally = this.#tallies.get(key);
    if (!tally) return 0;
    const step = Math.floor(at / this.#stepMs);
    return sum(tally.counts.filter((_, slot) => step - steps < latestStep(slot, tally.step)));
  }

  /** Keys held at the moment. */
  get size(): number {
    return this.#tallies.size;
  }
}

/** The step a slot was last used for, given the newest step. */
const latestStep = (slot: number, newest: number): number =>
  newest - ((((newest - slot) % steps) + steps) % steps);

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/**
 * Different values by key over the last `windowMs`, remembered up to `maxValues` each, which must be at least what is asked for.
 * Bounded in keys like `SlidingCounts`.
 */
export class SlidingDistinct {
  readonly #seen: BoundedKeys<Map<string, number>>;

  constructor(
    private readonly windowMs: number,
    maxKeys: number,
    private readonly maxValues: number,
  ) {
    this.#seen = new BoundedKeys(maxKeys, () => new Map());
  }

  /** Adds a value of a key at an instant in milliseconds, and gives the values the window holds of it, oldest first. */
  add(key: string, value: string, at: number): readonly string[] {
    const values = this.#seen.seen(key);
    values.delete(value);
    values.set(value, at);
    for (const [known, seenAt] of values) {
      if (seenAt > at - this.windowMs && values.size <= this.maxValues) break;
      values.delete(known);
    }
    return [...values.keys()];
  }

  /** Keys held at the moment. */
  get size(): number {
    return this.#seen.size;
  }
}
