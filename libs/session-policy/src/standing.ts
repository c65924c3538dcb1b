import type { AccessDecision } from './decisions.js';
import type { EndReason } from './end-reasons.js';
import type { SessionPolicy } from './policy.js';
import type { Session, TimedSession } from './session.js';
import {
  earliest,
  type Instant,
  isPast,
  plus,
  type Seconds,
  seconds,
  secondsUntil,
  wholeSecond,
} from './time.js';

// A session ends by its deadlines or by an end of many at once; this says when, and whether it stands at a moment.

/** The two timeouts of a policy: all that deadlines follow from. */
export type DeadlineLimits = Pick<SessionPolicy, 'inactivityTimeout' | 'absoluteLifetime'>;

/** When a session ends if nothing else happens. */
export interface Deadlines {
  readonly idle: Instant;
  readonly absolute: Instant;
  /** The earlier of the two; every reader compares with it. */
  readonly expiresAt: Instant;
}

/** The inactivity timeout in force, in seconds: a later policy may shorten what the session was signed in under, never lengthen it. */
export const inactivityTimeoutOf = (
  session: Pick<TimedSession, 'inactivityTimeout'>,
  policy: DeadlineLimits,
): Seconds => Math.min(session.inactivityTimeout, policy.inactivityTimeout) as Seconds;

/**
 * When the person last proved who they are: a session that was authorized silently has not seen them prove it itself
 * (OpenID Connect Core §2, `auth_time`).
 */
const provedAt = ({ signedInAt, authenticatedAt }: Pick<TimedSession, 'signedInAt' | 'authenticatedAt'>) =>
  earliest(signedInAt, authenticatedAt ?? signedInAt);

/**
 * The person's proof plus the absolute lifetime, at the whole second before: `exp` of a token counts in seconds, so
 * a deadline between two seconds could not be kept by one.
 */
export const absoluteDeadlineUnder = (
  policy: DeadlineLimits,
  session: Pick<TimedSession, 'signedInAt' | 'authenticatedAt'>,
): Instant => wholeSecond(plus(provedAt(session), policy.absoluteLifetime));

const silenceEnds = (session: TimedSession, policy: DeadlineLimits, since: Instant): Instant =>
  plus(since, inactivityTimeoutOf(session, policy));

const lifetimeEnds = (session: TimedSession, policy: DeadlineLimits): Instant =>
  earliest(session.absoluteDeadline, absoluteDeadlineUnder(policy, session));

/** The deadline that activity at `at` writes: the earlier of the two under the policy of that moment. */
export const deadlineAfterActivity = (session: TimedSession, policy: DeadlineLimits, at: Instant): Instant =>
  earliest(silenceEnds(session, policy, at), lifetimeEnds(session, policy));

/**
 * When a person should be warned of the idle end, to have time to ask for more (WCAG 2.2.1). A session that was signed in under a shorter
 * timeout than its warning is warned of all the while.
 */
export const idleWarningAt = (
  session: TimedSession,
  policy: DeadlineLimits & Pick<SessionPolicy, 'idleWarning'>,
  { idle }: Pick<Deadlines, 'idle'>,
): Instant => plus(idle, -Math.min(policy.idleWarning, inactivityTimeoutOf(session, policy)) as Seconds);

/**
 * The deadlines of a session under the strictest of three: the policy it was signed in under, the policy now, and the deadline that was
 * written. The latter may come of a shorter policy that was taken back since.
 */
export function deadlines(session: TimedSession, policy: DeadlineLimits): Deadlines {
  const bySilence = silenceEnds(session, policy, session.lastActiveAt);
  // A written deadline that is the absolute one says nothing of silence.
  const idle =
    session.expiresAt < session.absoluteDeadline ? earliest(bySilence, session.expiresAt) : bySilence;
  const absolute = lifetimeEnds(session, policy);
  return { idle, absolute, expiresAt: earliest(idle, absolute) };
}

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
