import { deadlines } from './deadlines.js';
import type { AccessDecision } from './decisions.js';
import type { EndReason } from './end-reasons.js';
import type { SessionPolicy } from './policy.js';
import type { TimedSession } from './session.js';
import { type Instant, isPast } from './time.js';

/** The end of a session: the recorded one, or the deadline that has passed without a record yet; null while it stands. */
export function endOf(
  session: TimedSession,
  policy: SessionPolicy,
  now: Instant,
): { readonly at: Instant; readonly reason: EndReason } | null {
  if (session.ended) return session.ended;
  const { absolute, idle } = deadlines(session, policy);
  if (isPast(absolute, now)) return { at: absolute, reason: 'absolute_lifetime' };
  if (isPast(idle, now)) return { at: idle, reason: 'inactivity_timeout' };
  return null;
}

/** Whether a session still stands for what was issued under it: the one rule of every reader. */
export function decideAccess(session: TimedSession, policy: SessionPolicy, now: Instant): AccessDecision {
  const end = endOf(session, policy, now);
  if (!end) return stands;
  return { kind: session.ended ? 'refuse' : 'end', reason: end.reason };
}

const stands: AccessDecision = { kind: 'active' };
