import { type Instant, isPast, plus, type Seconds, type SessionId } from '@curfew/session-policy';
import { RateBuckets, type RateLimit } from './rate-buckets.js';

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
