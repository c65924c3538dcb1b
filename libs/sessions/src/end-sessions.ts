import type { NewEvent } from '@curfew/events';
import type { Transaction } from '@curfew/persistence';
import { type EndReach, type EndReason, type Instant, reachOf, type SessionId } from '@curfew/session-policy';
import { type ShadowMark } from '@curfew/session-policy/trial';
import type { BrowserSessionEnds } from './browser-session-ends.js';
import type { EndOutcome } from './store/end-writer.js';
import { alongWith, saidOf } from './store/joint-ends.js';
import type {
  EndDetail,
  EndedSession,
  EndedTrial,
  MassEnd,
  SessionStore,
  StoredSession,
} from './store/session-store.js';

const byTheClock: ReadonlySet<EndReason> = new Set(['inactivity_timeout', 'absolute_lifetime']);

/** An end the domain has decided on. */
export interface DecidedEnd {
  readonly reason: EndReason;
  readonly reach: EndReach;
  readonly detail: EndDetail;
  readonly events: readonly NewEvent[];
  readonly mark?: ShadowMark | null;
  readonly trial?: EndedTrial | undefined;
}

/** Everything that goes with an end, and how it differs from the table of reach. */
export interface EndAlongside {
  /** Recorded if anything really ended by it. */
  readonly events?: readonly NewEvent[] | undefined;
  /** If it is given, everything commits with it. */
  readonly transaction?: Transaction | undefined;
  /** How far it goes; as the table of reach says for the reason, unless whoever ends says otherwise. */
  readonly reach?: EndReach | undefined;
  /** Browser sessions to be ended beside those that the ended sessions came of. */
  readonly browserSessionUids?: readonly string[] | undefined;
  /** Whether offline sessions outlive a browser that is ended, unless they are named themselves. */
  readonly keepOffline?: boolean | undefined;
}

const nothing: EndOutcome = { sessions: [], browserSessions: [] };

/** The one place that ends sessions, so that no path can forget the reason, the event, the browser or the followers. */
export class EndSessions {
  constructor(
    private readonly store: SessionStore,
    private readonly browsers: BrowserSessionEnds,
  ) {}

  /**
   * Carries out a decision of the domain, in one commit. False when the session is no longer as it was decided on: it was
   * ended meanwhile, or, for an end by the clock, it was used. Then nothing was ended, and the decision must be made again.
   */
  async decided(session: StoredSession, end: DecidedEnd, now: Instant): Promise<boolean> {
    const { reason, reach, detail, events, mark = null, trial } = end;
    if (reach === 'account') return this.#withAccount(session, end, now);
    if (reach === 'browser' && session.browserSessionUid !== null) {
      const onlyWith = session.id;
      const { sessions } = await this.#jointly([onlyWith], reason, detail, now, { reach, events, onlyWith });
      return sessions.length > 0;
    }
    const guard = byTheClock.has(reason) ? { ifLastActiveAt: session.lastActiveAt } : {};
    const one = { id: session.id, reason, at: now, detail, mark, trial, ...guard };
    const ended = await this.store.end([one], { events });
    return ended.length > 0;
  }

  /** Ends the sessions with these ids that still live, and as much more as the reach of the end says, in one commit. */
  async these(
    ids: readonly SessionId[],
    reason: EndReason,
    detail: EndDetail,
    now: Instant,
    along: EndAlongside = {},
  ): Promise<EndOutcome> {
    const { events = [], transaction, browserSessionUids = [] } = along;
    const reach = along.reach ?? reachOf(reason);
    if (reach === 'session' && browserSessionUids.length === 0) {
      const ends = ids.map((id) => ({ id, reason, at: now, detail }));
      return { sessions: await this.store.end(ends, { events, transaction }), browserSessions: [] };
    }
    const { keepOffline } = along;
    const all = { reach, events, transaction, browserSessionUids, keepOffline };
    return this.#jointly(ids, reason, detail, now, all);
  }

  /**
   * Ends every session of an account, of a client or of everyone; inside `transaction` it commits with that. The browsers of an account
   * are signed out in the same commit, those of everyone by the sweeper: until then the not-before row makes them worthless.
   */
  async all(massEnd: MassEnd, transaction?: Transaction): Promise<EndOutcome> {
    if (massEnd.kind !== 'account') {
      return { sessions: await this.store.endAll(massEnd, transaction), browserSessions: [] };
    }
    const work = (tx: Transaction) => this.store.endAll(massEnd, tx);
    return this.browsers.within(transaction, (tx) => this.#account(massEnd, work, tx));
  }

  #jointly(
    ids: readonly SessionId[],
    reason: EndReason,
    detail: EndDetail,
    now: Instant,
    along: EndAlongside & { readonly onlyWith?: SessionId },
  ): Promise<EndOutcome> {
    const { events = [], browserSessionUids: uids = [], keepOffline = false, reach, onlyWith } = along;
    const takesBrowsers = reach !== 'session';
    return this.browsers.endJointly(
      { ids, uids, takesBrowsers, reason, detail, now, keepOffline, events, onlyWith },
      along.transaction,
    );
  }

  /** Ends a session and, if it ended by that, everything else of its account. */
  async #withAccount(session: StoredSession, { reason, detail, events }: DecidedEnd, now: Instant) {
    const because = { because: session.id };
    const all = { kind: 'account', target: session.accountId, reason, at: now, detail: because } as const;
    const first = { id: session.id, reason, at: now, detail };
    const work = async (transaction: Transaction) => {
      const ended = await this.store.end([first], { events, all, transaction });
      return ended.length > 0 ? ended : undefined;
    };
    const outcome = await this.browsers.within(undefined, (tx) => this.#account(all, work, tx));
    return outcome.sessions.length > 0;
  }

  /** Does `work`, which ends the sessions of an account, and ends its browser sessions if that is done. */
  async #account(
    { target, reason, at, detail }: MassEnd,
    work: (tx: Transaction) => Promise<readonly EndedSession[] | undefined>,
    tx: Transaction,
  ): Promise<EndOutcome> {
    const held = await this.browsers.hold(await this.browsers.ofAccount(target, at, tx), tx);
    const sessions = await work(tx);
    if (!sessions) return nothing;
    // A session that one of them began without a page, after the instant of the end and before its row was held, rests on a sign-in that
    // ends here.
    const since = await this.browsers.sessionsSince(held, at, tx);
    const late = since.map(({ id }) => ({ id, reason, at, detail }));
    const begun = late.length === 0 ? [] : await this.store.end(late, { transaction: tx });
    const ends = held.map(({ uid }) => ({ uid, at, reason, ...alongWith(detail.because, saidOf(detail)) }));
    return { sessions: [...sessions, ...begun], browserSessions: await this.browsers.end(ends, tx) };
  }
}
