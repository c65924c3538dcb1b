import type { NewEvent } from '@curfew/events';
import type { Transaction } from '@curfew/persistence';
import type { EndReason, Instant } from '@curfew/session-policy';
import type { EndedSession, MassEnd, SessionStore, StoredSession } from './store/session-store.js';

const byTheClock: ReadonlySet<EndReason> = new Set(['inactivity_timeout', 'absolute_lifetime']);

/** The one place that ends sessions, so that no path can forget the reason, the event or the followers. */
export class EndSessions {
  constructor(private readonly store: SessionStore) {}

  /**
   * Carries out a decision of the domain. False only for an end by the clock that activity overtook between the
   * decision and the write: then nothing was ended, and the decision must be made again.
   */
  async decided(
    session: StoredSession,
    reason: EndReason,
    scope: 'session' | 'account',
    detail: Readonly<Record<string, unknown>>,
    events: readonly NewEvent[],
    now: Instant,
  ): Promise<boolean> {
    const guard = byTheClock.has(reason) ? { ifLastActiveAt: session.lastActiveAt } : {};
    const ended = await this.store.end([{ id: session.id, reason, at: now, detail, ...guard }], events);
    if (scope === 'account') {
      await this.store.endAll({
        kind: 'account',
        target: session.accountId,
        reason,
        at: now,
        detail: { because: session.id },
      });
    }
    if (ended.length > 0 || !byTheClock.has(reason)) return true;
    return (await this.store.read(session.id))?.session.ended !== null;
  }

  /** Ends the sessions with these ids that still live. */
  async these(
    ids: readonly string[],
    reason: EndReason,
    detail: Readonly<Record<string, unknown>>,
    now: Instant,
  ): Promise<readonly EndedSession[]> {
    return this.store.end(ids.map((id) => ({ id, reason, at: now, detail })));
  }

  /** Ends every session of an account, of a client or of everyone; inside `transaction` it commits with that. */
  async all(massEnd: MassEnd, transaction?: Transaction): Promise<readonly EndedSession[]> {
    return this.store.endAll(massEnd, transaction);
  }
}
