import { deadlines } from './deadlines.js';
import type { SessionPolicy } from './policy.js';
import type { TimedSession } from './session.js';
import { type Instant, type Seconds, seconds, secondsUntil } from './time.js';

/**
 * How many seconds the next access token lives. `random01` in [0, 1) spreads the lifetimes, so that clients which
 * started together do not refresh together; the result never reaches past the absolute deadline and is at least 1.
 * The idle deadline does not cut it: use may still move that one, and the session's row is asked anyway.
 */
export function accessTokenLifetime(
  session: TimedSession,
  policy: SessionPolicy,
  random01: number,
  now: Instant,
): Seconds {
  const shortenedBy = (policy.accessTokenLifetime * policy.accessTokenJitterPercent * random01) / 100;
  const wanted = Math.floor(policy.accessTokenLifetime - shortenedBy);
  const left = secondsUntil(deadlines(session, policy).absolute, now);
  // The deadline is a whole second, so `iat` (rounded down) + 1 does not pass it even in the last second.
  return seconds(Math.max(1, Math.min(wanted, left)));
}
