import type { SessionPolicy } from './policy.js';
import type { Session, TimedSession } from './session.js';
import { type DeadlineLimits, deadlines, inactivityTimeoutOf } from './standing.js';
import { elapsedMs, type Instant, isPast, latest, type Seconds, seconds } from './time.js';

/** A part of the accounts that a canary divides: 1 is under its timeout, 0 under that of the policy. */
export type Arm = 0 | 1;

/** Limits that end nothing: they only mark the sessions they would have ended since then. */
export interface ShadowLimits extends DeadlineLimits {
  readonly since: Instant;
}

/** A canary as one session meets it, after every policy that matches had its say. */
export interface CanaryTrial {
  readonly arm: Arm;
  /** The timeouts of the two arms. */
  readonly shorter: Seconds;
  readonly longer: Seconds;
  readonly since: Instant;
}

/** The things that are tried on a session beside the policy in force for it. */
export interface Trial {
  readonly shadow: ShadowLimits | null;
  readonly canary: CanaryTrial | null;
}

/** The policy in force for a session, with what is tried on it. */
export interface EffectivePolicy extends SessionPolicy {
  readonly trial?: Trial | undefined;
}

/** When a session would have ended under a shadow, and how soon it was used again after that. */
export interface ShadowMark {
  readonly at: Instant;
  /** null while it has not been used again. */
  readonly usedAfter: Seconds | null;
}

/** As much of a session as trials are judged by. */
export interface TriedSession extends TimedSession {
  /** When a shadow would have ended it. It is from an earlier shadow if it lies before the present one began. */
  readonly shadowEnd: Instant | null;
  /** Whether it followed the idle end of another session of the same account and client. */
  readonly afterIdleCut: boolean;
}

/** How many equal parts the accounts are divided into, of which a canary takes some. */
export const placeCount = 100;

/** The place of accounts that are in no canary. */
export const placeOutside = placeCount;

/**
 * The place of an account, 0 to 99: eight hexadecimal digits of its id, which are random in every version of UUID issued here. The last digit,
 * by which accounts are put into folds, is none of them.
 */
export const placeOf = (accountId: Session['accountId']): number =>
  Number.parseInt(accountId.slice(27, 35), 16) % placeCount;

/** The mark that stands: one of an earlier shadow is forgotten. */
const markOf = ({ shadowEnd }: Pick<TriedSession, 'shadowEnd'>, { since }: ShadowLimits): Instant | null =>
  shadowEnd !== null && shadowEnd >= since ? shadowEnd : null;

/**
 * The mark to write with a change of a session that is made anyway, or null where there is none to write. `isUse` says whether the change
 * is activity. A shadow is judged from the moment it began: a session that had been silent for long by then would have ended there.
 */
export function shadowMark(
  session: TriedSession,
  policy: EffectivePolicy,
  now: Instant,
  isUse: boolean,
): ShadowMark | null {
  const shadow = policy.trial?.shadow;
  if (!shadow) return null;
  const known = markOf(session, shadow);
  if (known !== null && (!isUse || session.lastActiveAt > known)) return null;
  const at = known ?? latest(shadow.since, deadlines(session, shadow).expiresAt);
  if (!isPast(at, now)) return null;
  return { at, usedAfter: isUse ? seconds(Math.floor(elapsedMs(at, now) / 1_000)) : null };
}

/**
 * Whether the silence of a session that lasts until `now` is the first of its visit that has reached the shorter timeout of a canary. Only
 * first silences compare the arms fairly: a person who gave up after one is not there for a second.
 */
export function isFirstLongSilence(session: TriedSession, policy: EffectivePolicy, now: Instant): boolean {
  const canary = policy.trial?.canary;
  if (!canary || session.afterIdleCut || session.lastActiveAt < canary.since) return false;
  if (
    session.shadowEnd !== null &&
    session.shadowEnd >= canary.since &&
    session.lastActiveAt > session.shadowEnd
  )
    return false;
  // A session of before the canary may be under another timeout than its arm.
  return (
    inactivityTimeoutOf(session, policy) === policy.inactivityTimeout &&
    elapsedMs(session.lastActiveAt, now) >= canary.shorter * 1_000
  );
}
