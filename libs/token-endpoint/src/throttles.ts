/*
 * Throttles that are counted in the memory of this node: how often somebody may ask, and who is held back after refused refreshes.
 */
import { type Instant, isPast, plus, type Seconds, type SessionId, seconds } from '@curfew/session-policy';

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

/** A refresh token as it is presented. */
export interface PresentedRefresh {
  readonly clientId: string;
  /** Network of the request, e.g. its /24 or /64 prefix. */
  readonly network: string | null;
  readonly token: string;
}

/** The number of sessions that are remembered, of those that are over and were asked for lately. */
const maxSessions = 10_000;

/**
 * Holds back a client that is refused refresh after refresh from one network, before anything is read or written for it. Only what cannot
 * be good is held back: tokens that this service never made, and those of sessions that were over a moment ago. The tokens of a live
 * session are always looked at, whatever they are refused for: somebody with a copy of one could otherwise keep its holder waiting, and the
 * reuse unseen (RFC 9700 §4.14.2).
 */
export class RefreshThrottle {
  readonly #refused: RateBuckets;
  readonly #sessions = new Map<string, Instant>();

  constructor(
    private readonly limit: RateLimit,
    /** The session a genuine token names, without I/O. */
    private readonly sessionOf: (token: string) => SessionId | undefined,
  ) {
    this.#refused = new RateBuckets(limit);
  }

  /** For how long this one is held back; null where it is not. */
  wait(presented: PresentedRefresh, now: Instant): Seconds | null {
    const wait = this.#refused.wait(placeOf(presented), now);
    if (wait === null) return null;
    const session = this.sessionOf(presented.token);
    if (session === undefined) return wait;
    const until = this.#sessions.get(keyOf(presented, session));
    return until !== undefined && !isPast(until, now) ? wait : null;
  }

  /** Whether this service made the token, whatever has become of it. */
  isGenuine(token: string): boolean {
    return this.sessionOf(token) !== undefined;
  }

  /** Counts one that was refused; `isOver` says that its session had ended before, or is not there. */
  count(presented: PresentedRefresh, isOver: boolean, now: Instant): void {
    this.#refused.take(placeOf(presented), now);
    const session = isOver ? this.sessionOf(presented.token) : undefined;
    if (session === undefined) return;
    const key = keyOf(presented, session);
    this.#sessions.delete(key);
    if (this.#sessions.size >= maxSessions) this.#sessions.delete(this.#sessions.keys().next().value!);
    this.#sessions.set(key, plus(now, this.limit.window));
  }
}

const placeOf = ({ clientId, network }: PresentedRefresh): string => `${clientId} ${network}`;
const keyOf = (presented: PresentedRefresh, session: SessionId): string => `${placeOf(presented)} ${session}`;
