import { SilenceRecorder } from '@curfew/insight';
import { type EndReason, type Instant, latest } from '@curfew/session-policy';
import { touched } from '@curfew/session-policy/lifecycle';
import { inactivityTimeoutOf } from '@curfew/session-policy/standing';
import {
  type EffectivePolicy,
  isFirstLongSilence,
  type ShadowMark,
  shadowMark,
  type TriedSession,
} from '@curfew/session-policy/trial';
import type { Activity, EndedTrial, SessionStore, StoredSession } from './store/session-store.js';

// The use of a session ends a silence, which is counted, and moves its activity, which is written behind.

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

/** The number of sessions with unwritten activity that are remembered; beyond it, activity is written before it is answered. */
const maxPending = 100_000;
/** Rows changed by one statement. */
const batch = 1_000;

/** Milliseconds within which activity is written: the process runs `flush` more often than this. */
export const writtenWithinMs = 1_500;

/**
 * Use of a session, remembered here and written behind in one statement for many. Activity that other nodes do not see yet, or that a crash
 * loses, makes a session end early by at most the write throttle (min(60 s, idle/20)), never late.
 */
export class ActivityRecorder {
  readonly #pending = new Map<string, Activity>();

  constructor(
    private readonly store: SessionStore,
    private readonly report: (error: unknown) => void,
    private readonly max = maxPending,
    private readonly silences = new SilenceRecorder(false),
  ) {}

  /** Counts a use at `now`, where the policy counts use and enough time has passed since the last one. */
  async used(session: StoredSession, policy: EffectivePolicy, now: Instant): Promise<StoredSession> {
    const next = touched(session, policy, now, writtenWithinMs);
    if (!next) return session;
    const mark = shadowMark(session, policy, now, true) ?? this.#pending.get(session.id)?.mark ?? null;
    const activity = { id: session.id, at: now, expiresAt: next.expiresAt, mark };
    // There is no room while the database takes no writes: then this one is not answered either.
    if (this.#pending.size >= this.max && !this.#pending.has(session.id)) await this.store.touch([activity]);
    else this.#pending.set(session.id, activity);
    countReturn(this.silences, session, policy, now);
    return { ...session, ...next, shadowEnd: mark?.at ?? session.shadowEnd };
  }

  /** The session as it stands with activity that is not written yet. */
  merged<Some extends Pick<StoredSession, 'id' | 'lastActiveAt' | 'expiresAt' | 'shadowEnd'>>(
    session: Some,
  ): Some {
    const pending = this.#pending.get(session.id);
    if (!pending) return session;
    return {
      ...session,
      lastActiveAt: latest(session.lastActiveAt, pending.at),
      expiresAt: latest(session.expiresAt, pending.expiresAt),
      shadowEnd: pending.mark?.at ?? session.shadowEnd,
    };
  }

  /** Writes what is pending of one session, so that a write that compares with the row finds the activity there. */
  async write(id: string): Promise<void> {
    const pending = this.#pending.get(id);
    if (pending) await this.#write([pending]);
  }

  /** Writes what is pending. Activity that cannot be written stays pending. */
  async flush(): Promise<void> {
    const all = [...this.#pending.values()];
    try {
      for (let start = 0; start < all.length; start += batch)
        await this.#write(all.slice(start, start + batch));
    } catch (error) {
      this.report(error);
    }
  }

  async #write(activities: readonly Activity[]): Promise<void> {
    await this.store.touch(activities);
    for (const activity of activities) {
      if (this.#pending.get(activity.id) === activity) this.#pending.delete(activity.id);
    }
  }
}
