import type { EndReason } from './end-reasons.js';
import type { Session } from './session.js';
import type { Instant } from './time.js';

/** One entry ends everything authorized at or before `at`, however many sessions that is. */
export interface NotBefore {
  readonly kind: 'account' | 'client' | 'everyone';
  readonly at: Instant;
  readonly reason: EndReason;
}

/** The entry that ended the session first, or null. All entries given must apply to its account, its client or everyone. */
const firstAgainst = (
  session: Pick<Session, 'signedInAt'>,
  notBefores: readonly NotBefore[],
): NotBefore | null =>
  notBefores
    .filter((entry) => session.signedInAt <= entry.at)
    .reduce<NotBefore | null>(
      (first, entry) => (first === null || entry.at < first.at ? entry : first),
      null,
    );

/** The reason of the earliest applicable not-before that covers this session, or null where none does. */
export const endedBy = (
  session: Pick<Session, 'signedInAt'>,
  notBefores: readonly NotBefore[],
): EndReason | null => firstAgainst(session, notBefores)?.reason ?? null;

/** The session with its end as it truly is: its own, or where the row does not know it yet, that of a not-before. */
export function withNotBefores<Any extends Pick<Session, 'signedInAt' | 'ended'>>(
  session: Any,
  notBefores: readonly NotBefore[],
): Any {
  if (session.ended) return session;
  const entry = firstAgainst(session, notBefores);
  return entry ? { ...session, ended: { at: entry.at, reason: entry.reason } } : session;
}
