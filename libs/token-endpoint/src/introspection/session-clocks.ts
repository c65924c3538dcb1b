import { elapsedMs, type Instant, type SessionPolicy, secondsUntil } from '@curfew/session-policy';
import { contextOf } from '@curfew/session-policy/authentication';
import { deadlines, idleWarningAt } from '@curfew/session-policy/deadlines';
import type { FoundAccess } from '@curfew/sessions';

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000);

/** Seconds for which whoever asked may keep the verdict (RFC 7662 §4 leaves it open): 0 asks each time. */
export const cacheMaxAge = ({ introspectionCache }: SessionPolicy): number => introspectionCache;

/**
 * The members of an introspection response about the session, beside the standard's; `before` is the session as it stood before this use.
 * Lengths are relative, in seconds, because clocks of clients and APIs are often wrong.
 */
export const sessionClocks = (
  { session, policy }: Pick<FoundAccess, 'session' | 'policy'>,
  before: Pick<FoundAccess, 'session'>,
  now: Instant,
) => {
  const ends = deadlines(session, policy);
  const { amr, authTime } = session.authorization as { amr?: string[]; authTime?: number };
  return {
    auth_time: authTime,
    acr: contextOf(amr),
    amr,
    idle_expires_in: secondsUntil(ends.idle, now),
    idle_warning_in: secondsUntil(idleWarningAt(session, policy, ends), now),
    absolute_expires_in: secondsUntil(ends.absolute, now),
    session_age: wholeSeconds(elapsedMs(session.signedInAt, now)),
    idle_for: wholeSeconds(elapsedMs(before.session.lastActiveAt, now)),
    cache_max_age: cacheMaxAge(policy),
  };
};
