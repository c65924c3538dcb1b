import {
  type AccessDecision,
  decideAccess,
  type EndReason,
  type Instant,
  isPast,
  type SessionPolicy,
  type TimedSession,
} from '@curfew/session-policy';
import type { StoredSession } from './store/session-store.js';

/** Of a session, what its standing follows from. */
type StandingSession = TimedSession & Pick<StoredSession, 'expiresAt'>;

/**
 * A deadline that was written holds: it may have been written under a shorter policy, and a longer one that came later
 * must not bring back what passed it meanwhile. The reason of that end, or null before the deadline.
 */
export function pastWrittenDeadline(session: StandingSession, now: Instant): EndReason | null {
  if (!isPast(session.expiresAt, now)) return null;
  return session.expiresAt < session.absoluteDeadline ? 'inactivity_timeout' : 'absolute_lifetime';
}

/** Whether a session as its row has it still stands: what the domain says, and the deadline that was written. */
export function decideStanding(
  session: StandingSession,
  policy: SessionPolicy,
  now: Instant,
): AccessDecision {
  const decision = decideAccess(session, policy, now);
  const passed = decision.kind === 'active' ? pastWrittenDeadline(session, now) : null;
  return passed ? { kind: 'end', reason: passed } : decision;
}
