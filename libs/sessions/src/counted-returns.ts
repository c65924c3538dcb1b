import type { SilenceRecorder } from '@curfew/insight';
import { type EndReason, type Instant } from '@curfew/session-policy';
import { inactivityTimeoutOf } from '@curfew/session-policy/deadlines';
import {
  type EffectivePolicy,
  isFirstLongSilence,
  type ShadowMark,
  shadowMark,
  type TriedSession,
} from '@curfew/session-policy/trial';
import type { EndedTrial, StoredSession } from './store/session-store.js';

/** Counts a silence that activity at `now` has ended; and, in a canary, the first of a visit that tells its arms apart. */
export function countReturn(
  silences: SilenceRecorder,
  session: StoredSession,
  policy: EffectivePolicy,
  now: Instant,
): void {
  if (!silences.isOn) return;
  const timeout = inactivityTimeoutOf(session, policy);
  const length = now - session.lastActiveAt;
  const canary = policy.trial?.canary;
  silences.count('returned', session, timeout, length, now, canary?.arm);
  if (!canary || !isFirstLongSilence(session, policy, now)) return;
  silences.count('reached', session, timeout, canary.shorter * 1_000, now, canary.arm);
  silences.count('rejoined', session, timeout, length, now, canary.arm);
}

/** The part of an end that is about the canary it meets; undefined where it meets none. */
export function endedTrial(
  session: TriedSession,
  policy: EffectivePolicy,
  reason: EndReason,
  now: Instant,
): EndedTrial | undefined {
  const canary = policy.trial?.canary;
  if (!canary) return undefined;
  const hasReached = reason === 'inactivity_timeout' && isFirstLongSilence(session, policy, now);
  return { arm: canary.arm, reached: hasReached ? canary.shorter : null };
}

/** Everything about an end that trials ask for. */
export const triedEnd = (
  session: TriedSession,
  policy: EffectivePolicy,
  reason: EndReason,
  now: Instant,
): { readonly mark: ShadowMark | null; readonly trial: EndedTrial | undefined } => ({
  mark: shadowMark(session, policy, now, false),
  trial: endedTrial(session, policy, reason, now),
});
