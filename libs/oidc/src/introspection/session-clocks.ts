import { deadlines, elapsedMs, type Instant, secondsUntil } from '@curfew/session-policy';
import type { FoundAccess } from '@curfew/sessions';

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000);

/**
 * What an introspection answer says of the session beyond the standard's members; `before` is the session as it stood
 * before this use. Lengths are relative, in seconds, because clocks of clients and APIs are often wrong.
 */
export const sessionClocks = (
  { session, policy }: Pick<FoundAccess, 'session' | 'policy'>,
  before: Pick<FoundAccess, 'session'>,
  now: Instant,
) => {
  const { idle, absolute } = deadlines(session, policy);
  const { acr, amr, authTime } = session.authorization as { acr?: string; amr?: string[]; authTime?: number };
  return {
    auth_time: authTime,
    acr,
    amr,
    idle_expires_in: secondsUntil(idle, now),
    absolute_expires_in: secondsUntil(absolute, now),
    session_age: wholeSeconds(elapsedMs(session.signedInAt, now)),
    idle_for: wholeSeconds(elapsedMs(before.session.lastActiveAt, now)),
  };
};
