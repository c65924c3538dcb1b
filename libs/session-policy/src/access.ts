import { deadlines } from './deadlines.js';
import type { AccessDecision } from './decisions.js';
import type { SessionPolicy } from './policy.js';
import type { TimedSession } from './session.js';
import { type Instant, isPast } from './time.js';

/** Whether a session still stands for what was issued under it: the question of introspection, userinfo and gateway. */
export function decideAccess(session: TimedSession, policy: SessionPolicy, now: Instant): AccessDecision {
  if (session.ended) return { kind: 'refuse', reason: session.ended.reason };
  const { absolute, idle } = deadlines(session, policy);
  if (isPast(absolute, now)) return { kind: 'end', reason: 'absolute_lifetime' };
  if (isPast(idle, now)) return { kind: 'end', reason: 'inactivity_timeout' };
  return { kind: 'active' };
}
