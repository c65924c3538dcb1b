import type { NewEvent } from '@curfew/events';
import type { Transaction } from '@curfew/persistence';
import type { EndReach, EndReason, Instant } from '@curfew/session-policy';
import type {
  EndDetail,
  EndedSession,
  MassEnd,
  SessionStore,
  StoredSession,
  WithEnd,
} from './store/session-store.js';

const byTheClock: ReadonlySet<EndReason> = new Set(['inactivity_timeout', 'absolute_lifetime']);

/** An end the domain has decided on. */
export interface DecidedEnd {
  readonly reason: EndReason;
  readonly reach: EndReach;
  readonly detail: EndDetail;
  readonly events: readonly NewEvent[];
}

/** The one place that ends sessions, so that no path can forget the reason, the event or the followers. */
export class EndSessions {
  constructor(private readonly store: SessionStore) {}

  /**
   * Carries out a decision of the domain, in one commit. False when the session is no longer as it was decided on: it was
   * ended meanwhile, or, for an end by the clock, it was used. Then nothing was ended, and the decision must be made again.
   */
  async decided(session: StoredSession, end: DecidedEnd, now: Instant): Promise<boolean> {
    const { reason, detail, events } = end;
    const guard = byTheClock.has(reason) ? { ifLastActiveAt: session.lastActiveAt } : {};
    const all = { kind: 'account', target: session.accountId, reason, at: now } as const;
    const along: WithEnd =
      end.reach === 'account' ? { events, all: { detail: { because: session.id }, ...all } } : { events };
    const ended = await this.store.end([{ id: session.id, reason, at: now, detail, ...guard }], along);
    return ended.length > 0;
  }

  /** Ends the sessions with these ids that still live. */
  async these(
    ids: readonly string[],
    reason: EndReason,
    detail: EndDetail,
    now: Instant,
    along?: WithEnd,
  ): Promise<readonly EndedSession[]> {
    return this.store.end(
      ids.map((id) => ({ id, reason, at: now, detail })),
      along,
    );
  }

  /** Ends every session of an account, of a client or of everyone; inside `transaction` it commits with that. */
  async all(massEnd: MassEnd, transaction?: Transaction): Promise<readonly EndedSession[]> {
    return this.store.endAll(massEnd, transaction);
  }
}
