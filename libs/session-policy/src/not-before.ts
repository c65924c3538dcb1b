import type { EndReason } from './end-reasons.js';
import type { Session } from './session.js';
import type { Instant } from './time.js';

/** One entry ends everything authorized at or before `at`, however many sessions that is. */
export interface NotBefore {
  readonly kind: 'account' | 'client' | 'everyone';
  readonly at: Instant;
  readonly reason: EndReason;
}

/** The entry that killed the session first, or null. All entries given must apply to its account, its client or everyone. */
const firstToKill = (
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
export const killedBy = (
  session: Pick<Session, 'signedInAt'>,
  notBefores: readonly NotBefore[],
): EndReason | null => firstToKill(session, notBefores)?.reason ?? null;

/** The session with its end as it truly is: its own, or where the row does not know it yet, that of a not-before. */
export function withNotBefores<Any extends Pick<Session, 'signedInAt' | 'ended'>>(
  session: Any,
  notBefores: readonly NotBefore[],
): Any {
  if (session.ended) return session;
  const killer = firstToKill(session, notBefores);
  return killer ? { ...session, ended: { at: killer.at, reason: killer.reason } } : session;
}
