import { type Instant, isPast, plus, type Seconds, type SessionId } from '@curfew/session-policy';
import { RateBuckets, type RateLimit } from './rate-buckets.js';

/** A refresh token as it is presented. */
export interface PresentedRefresh {
  readonly clientId: string;
  /** Network of the request, e.g. its /24 or /64 prefix. */
  readonly network: string | null;
  readonly token: string;
}

/** So many sessions that were refused lately are remembered. */
const mostSessions = 10_000;

/**
 * Holds back a client that is refused refresh after refresh from one network, before anything is read or written for it.
 * Only what cannot be good is held back: tokens that this service never made, and those of sessions that were refused from
 * there a moment ago. A server that refreshes for thousands of people goes on with all its other sessions.
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

  /** Counts one that was refused. */
  count(presented: PresentedRefresh, now: Instant): void {
    this.#refused.take(placeOf(presented), now);
    const session = this.sessionOf(presented.token);
    if (session === undefined) return;
    const key = keyOf(presented, session);
    this.#sessions.delete(key);
    if (this.#sessions.size >= mostSessions) this.#sessions.delete(this.#sessions.keys().next().value!);
    this.#sessions.set(key, plus(now, this.limit.window));
  }
}

const placeOf = ({ clientId, network }: PresentedRefresh): string => `${clientId} ${network}`;
const keyOf = (presented: PresentedRefresh, session: SessionId): string => `${placeOf(presented)} ${session}`;
