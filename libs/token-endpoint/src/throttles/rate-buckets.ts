import { type Instant, type Seconds, seconds } from '@curfew/session-policy';

/** A rate: a number within a number of seconds. It is kept as a bucket that holds `count` and fills up again in `window`. */
export interface RateLimit {
  readonly count: number;
  readonly window: Seconds;
}

interface Bucket {
  level: number;
  at: Instant;
}

/** The number of buckets that are kept. Beyond it, the one that was used least recently is forgotten, which lets its owner begin anew. */
const maxBuckets = 10_000;

/** Token buckets by key, in the memory of this node and bounded: asking costs no I/O. */
export class RateBuckets {
  readonly #buckets = new Map<string, Bucket>();

  constructor(
    private readonly limit: RateLimit,
    private readonly most = maxBuckets,
  ) {}

  /** Takes one out of the bucket; null where there was one, else for how long there will be none. */
  take(key: string, now: Instant): Seconds | null {
    const level = this.#level(key, now);
    const wait = this.#waitAt(level);
    this.#buckets.delete(key);
    if (this.#buckets.size >= this.most) this.#buckets.delete(this.#buckets.keys().next().value!);
    this.#buckets.set(key, { level: wait === null ? level - 1 : level, at: now });
    return wait;
  }

  /** As `take`, without taking any. */
  wait(key: string, now: Instant): Seconds | null {
    return this.#buckets.has(key) ? this.#waitAt(this.#level(key, now)) : null;
  }

  #level(key: string, now: Instant): number {
    const { count, window } = this.limit;
    const bucket = this.#buckets.get(key);
    if (!bucket) return count;
    // If time stood still or went back, nothing is added.
    const passed = Math.max(0, now - bucket.at) / 1000;
    return Math.min(count, bucket.level + (passed * count) / window);
  }

  #waitAt(level: number): Seconds | null {
    const { count, window } = this.limit;
    // Rounded up, and never 0: a client that waits that long finds one.
    return level >= 1 ? null : seconds(Math.max(1, Math.ceil(((1 - level) * window) / count)));
  }
}
