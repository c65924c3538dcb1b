import type { SessionPolicy } from './policy.js';
import type { TimedSession } from './session.js';
import { earliest, type Instant, plus, type Seconds, wholeSecond } from './time.js';

/** When a session ends if nothing else happens. */
export interface Deadlines {
  readonly idle: Instant;
  readonly absolute: Instant;
  /** The earlier of the two; what every reader compares with. */
  readonly expiresAt: Instant;
}

/** The inactivity timeout in force, in seconds: a later policy may shorten what the session was signed in under, never lengthen it. */
export const inactivityTimeoutOf = (session: TimedSession, policy: SessionPolicy): Seconds =>
  Math.min(session.inactivityTimeout, policy.inactivityTimeout) as Seconds;

/**
 * Sign-in plus the absolute lifetime, at the whole second before: `exp` of a token counts in seconds, so
 * a deadline between two seconds could not be kept by one.
 */
export const absoluteDeadlineUnder = (policy: SessionPolicy, signedInAt: Instant): Instant =>
  wholeSecond(plus(signedInAt, policy.absoluteLifetime));

/** The deadlines of a session under the strictest of the policy it was signed in under and the policy now. */
export function deadlines(session: TimedSession, policy: SessionPolicy): Deadlines {
  const idle = plus(session.lastActiveAt, inactivityTimeoutOf(session, policy));
  const absolute = earliest(session.absoluteDeadline, absoluteDeadlineUnder(policy, session.signedInAt));
  return { idle, absolute, expiresAt: earliest(idle, absolute) };
}
