import type { EndReason } from './end-reasons.js';
import type { SessionPolicy } from './policy.js';
import { type Session, type SignInFacts, sessionFields, type TimedSession } from './session.js';
import { fixedValues } from './session-field.js';
import type { RequestSignals } from './signals.js';
import {
  absoluteDeadlineUnder,
  type DeadlineLimits,
  deadlineAfterActivity,
  deadlines,
  inactivityTimeoutOf,
} from './standing.js';
import { earliest, elapsedMs, type Instant, isPast, latest, plus } from './time.js';

/** The signals that a sibling has in common with the sign-in: those of its network, its device and its TLS library. */
const sharedSignals = [
  'prefix',
  'userAgentFamily',
  'operatingSystem',
  'deviceId',
  'tlsFingerprint',
] as const satisfies readonly (keyof RequestSignals)[];

/**
 * Whether a request shares the circumstances of the sign-in. Risk asks whether a difference is known; this asks whether there is none, so a
 * signal that is known on one side only is a difference, and a network that nobody knows is shared with nobody.
 */
export const sharesCircumstances = (baseline: RequestSignals, seen: RequestSignals): boolean =>
  baseline.prefix !== null && sharedSignals.every((signal) => baseline[signal] === seen[signal]);

/** Any number of siblings, as a column can count them: the largest `integer` of PostgreSQL. */
export const unlimited = 2_147_483_647;

/** The count that serves no sibling. It is no less than any limit, so it stands in the row in place of a column of its own. */
const noneServed = unlimited;

/**
 * The siblings that a rotation begins with. A client that rotated from other circumstances than those of the sign-in may be a thief: an
 * ancestor that its holder presents at home is then the proof of the theft (RFC 9700 §4.14.2), and must not be served as a sibling's.
 */
export const siblingsAfterRotation = (
  { baseline }: Pick<Session, 'baseline'>,
  seen: RequestSignals,
  { siblings }: SessionPolicy,
): number => (siblings === 'serve' && !sharesCircumstances(baseline, seen) ? noneServed : 0);

/**
 * The times of what begins with an authorization, its deadlines fixed by the policy it is signed in under. It ends at `notAfter` at the
 * latest, where somebody else has bounded the sign-in (IPSIE SL1 §3.2.1).
 */
export const beginning = (
  { signedInAt, authenticatedAt }: Pick<SignInFacts, 'signedInAt' | 'authenticatedAt'>,
  policy: DeadlineLimits,
  notAfter: Instant | null = null,
): TimedSession => {
  const byPolicy = absoluteDeadlineUnder(policy, { signedInAt, authenticatedAt });
  const absoluteDeadline = earliest(byPolicy, notAfter ?? byPolicy);
  return {
    signedInAt,
    authenticatedAt,
    lastActiveAt: signedInAt,
    inactivityTimeout: policy.inactivityTimeout,
    absoluteDeadline,
    expiresAt: earliest(plus(signedInAt, policy.inactivityTimeout), absoluteDeadline),
    ended: null,
  };
};

const atEachStart = fixedValues(sessionFields);

/** A new session, its deadlines fixed by the policy it is signed in under, and `notAfter` where its sign-in is bounded. */
export function started(facts: SignInFacts, policy: SessionPolicy, notAfter: Instant | null = null): Session {
  const { id, ...others } = facts;
  return { id, ...others, ...atEachStart, ...beginning(facts, policy, notAfter) };
}

const refreshCounts = (policy: SessionPolicy): boolean => policy.activity !== 'use';
const useCounts = (policy: SessionPolicy): boolean => policy.activity !== 'refresh';

/** After `rotate` by a request with these signals: the next generation, its retry window open from now, its retries and siblings uncounted. */
export const rotated = (
  session: Session,
  seen: RequestSignals,
  policy: SessionPolicy,
  now: Instant,
): Session => ({
  ...kept(session, policy, now),
  generation: session.generation + 1,
  rotatedAt: now,
  retries: 0,
  siblings: siblingsAfterRotation(session, seen, policy),
});

/**
 * After `keep`: the same token, and activity where the policy counts a refresh. Only activity moves the written deadline back; without it a
 * shorter policy still brings it forward.
 */
export const kept = (session: Session, policy: SessionPolicy, now: Instant): Session =>
  refreshCounts(policy) && now > session.lastActiveAt
    ? { ...session, lastActiveAt: now, expiresAt: deadlineAfterActivity(session, policy, now) }
    : { ...session, expiresAt: deadlines(session, policy).expiresAt };

/** After a `replay` that counts: one retry more. The window does not move, and a retry is no activity. */
export const retried = (session: Session): Session => ({ ...session, retries: session.retries + 1 });

/** After a `sibling`: one more was served. The window does not move, and it is no activity. */
export const siblingServed = (session: Session): Session => ({ ...session, siblings: session.siblings + 1 });

/** Milliseconds of activity that may go unwritten: min(60 s, inactivity timeout / 20), by which a session may end early, never late. */
export const activityThrottleMs = (
  session: Pick<TimedSession, 'inactivityTimeout'>,
  policy: SessionPolicy,
): number => Math.min(60_000, (inactivityTimeoutOf(session, policy) * 1000) / 20);

/**
 * After use of an access token by a person: the session with its activity moved, or null where there is nothing to write (use does not
 * count, too little time has passed, or the session is over and nothing revives it). Activity that is written behind may take
 * `writtenWithinMs` more to be seen by others, and that comes off the throttle: together they stay within it.
 */
export function touched(
  session: Session,
  policy: SessionPolicy,
  now: Instant,
  writtenWithinMs = 0,
): Session | null {
  if (!useCounts(policy)) return null;
  if (session.ended || isPast(deadlines(session, policy).expiresAt, now)) return null;
  if (elapsedMs(session.lastActiveAt, now) < activityThrottleMs(session, policy) - writtenWithinMs)
    return null;
  // Activity that is written behind may come late and from a node with yesterday's policy, so it never shortens a life.
  const expiresAt = latest(session.expiresAt, deadlineAfterActivity(session, policy, now));
  return { ...session, lastActiveAt: now, expiresAt };
}

/** Whether risk has asked for a step-up that the person has not made yet. */
export const stepUpOutstanding = (session: Pick<Session, 'stepUpRequiredAt' | 'steppedUpAt'>): boolean =>
  session.stepUpRequiredAt !== null &&
  (session.steppedUpAt === null || session.steppedUpAt < session.stepUpRequiredAt);

/** After `step_up`: the demand noted, or null where one is outstanding already, so that repeating it writes nothing. */
export const stepUpDemanded = (session: Session, now: Instant): Session | null =>
  stepUpOutstanding(session) ? null : { ...session, stepUpRequiredAt: now };

/**
 * After an accepted step-up (RFC 9470): its circumstances are the new baseline, whole, so that a demand cannot repeat
 * over what the person has just confirmed. A sign-in is activity; the absolute deadline stays where it was.
 */
export const steppedUp = <Any extends Session>(session: Any, signals: RequestSignals, now: Instant): Any => ({
  ...session,
  baseline: signals,
  steppedUpAt: latest(session.stepUpRequiredAt ?? now, now),
  lastActiveAt: latest(session.lastActiveAt, now),
  expiresAt: earliest(
    session.absoluteDeadline,
    latest(session.expiresAt, plus(now, session.inactivityTimeout)),
  ),
});

/** After any end: over, for the first reason given. A session ends once. */
export const ended = (session: Session, reason: EndReason, now: Instant): Session =>
  session.ended ? session : { ...session, ended: { at: now, reason } };
