import { deadlines, type Instant, latest, type SessionPolicy, touched } from '@curfew/session-policy';
import type { Activity, SessionStore, StoredSession } from './store/session-store.js';

/** So many sessions with unwritten activity are remembered; beyond that, activity is written before it is answered. */
const mostPending = 100_000;

/**
 * Use of a session, remembered here and written behind in one statement for many. What a crash loses makes a session
 * end early by at most the write throttle (min(60 s, idle/20)), never late.
 */
export class ActivityRecorder {
  readonly #pending = new Map<string, Activity>();

  constructor(
    private readonly store: SessionStore,
    private readonly report: (error: unknown) => void,
  ) {}

  /** Counts a use at `now`, where the policy counts use and enough time has passed since the last one. */
  async used(session: StoredSession, policy: SessionPolicy, now: Instant): Promise<StoredSession> {
    const next = touched(session, policy, now);
    if (!next) return session;
    this.#pending.set(session.id, { id: session.id, at: now, expiresAt: deadlines(next, policy).expiresAt });
    if (this.#pending.size >= mostPending) await this.flush();
    return { ...session, ...next };
  }

  /** The session as it stands with activity that is not written yet. */
  merged(session: StoredSession): StoredSession {
    const pending = this.#pending.get(session.id);
    return pending ? { ...session, lastActiveAt: latest(session.lastActiveAt, pending.at) } : session;
  }

  /** Writes what is pending. What cannot be written stays pending. */
  async flush(): Promise<void> {
    if (this.#pending.size === 0) return;
    const batch = [...this.#pending.values()];
    try {
      await this.store.touch(batch);
    } catch (error) {
      this.report(error);
      return;
    }
    for (const activity of batch) {
      if (this.#pending.get(activity.id) === activity) this.#pending.delete(activity.id);
    }
  }
}
