import type { Registry } from '@curfew/clients';
import type { Confirmation, EndConfirmation, NewEvent } from '@curfew/events';
import { type Author, endEverything, endSessions, type OperationParts } from '@curfew/operations';
import { type EndReach, type EndReason, type Instant, reachOf } from '@curfew/session-policy';
import { revocationTarget } from '@curfew/session-policy/settings';
import type { EndedSession, MassEnd } from '@curfew/sessions/store';
import { adminActed } from '../access/acts.js';
import type { Caller } from '../access/caller.js';
import { written } from '../contract/wire.js';
import type { Announcements } from './announcements.js';
import type { SessionSearch } from './search.js';
import type { SessionSearchStore } from './session-search.store.js';
import { describeSession } from './session-view.js';

/** The author, the reason and the note of an end. */
export interface EndOrder {
  readonly caller: Caller;
  readonly reason: EndReason;
  readonly note?: string | undefined;
  readonly now: Instant;
  /** Whether to wait until no follower lets it pass any more. */
  readonly confirm?: boolean;
  /** Whether the browsers that the sessions came of stay signed in, with everything else they signed in. */
  readonly onlyThisSession?: boolean;
}

/** How far an order reaches that names sessions: as the table says for its reason, unless the operator narrows it. */
export const reachOfOrder = ({
  reason,
  onlyThisSession = false,
}: Pick<EndOrder, 'reason' | 'onlyThisSession'>): EndReach => (onlyThisSession ? 'session' : reachOf(reason));

/** Ends carried out: how many have their own record, and how the news got out. */
export interface CarriedOut {
  readonly recorded: number;
  readonly complete: boolean;
  readonly matched: number | null;
  /** Sessions that ended along with those that were named, because they came of the same browsers. */
  readonly along: readonly string[];
  /** The browsers that were signed out. */
  readonly browsers: readonly string[];
  readonly notBefore: Instant | null;
  readonly announcedAfterMs: number | null;
  /** null where nobody asked to wait for it. */
  readonly confirmation: Confirmation | null;
}

/** Whom a mass end covers. */
export type MassTarget = Pick<MassEnd, 'kind' | 'target'>;

interface Parts extends OperationParts {
  readonly registry: Registry;
  readonly search: SessionSearchStore;
  readonly announcements: Announcements;
  readonly confirmation: EndConfirmation;
}

/** Sessions ended in one statement. */
const batch = 200;
/** A request ends at most so many one by one; the answer says whether there are more, which live on until it is sent again. */
const maxByOne = 10_000;

/** Ends on an operator's word: each one durable, with who said so and why, in the transaction of the end. */
export class SessionEnds {
  constructor(private readonly parts: Parts) {}

  /** Ends those of these sessions that live. */
  async these(ids: readonly string[], operation: string, order: EndOrder): Promise<CarriedOut> {
    const ended: EndedSession[] = [];
    const browsers: string[] = [];
    let announcedAfterMs: number | null = null;
    for (let from = 0; from < ids.length; from += batch) {
      const part = ids.slice(from, from + batch);
      const target = part.length === 1 ? part[0]! : null;
      const { result, afterMs } = await this.parts.announcements.during(
        part.at(-1)!,
        () => this.endPart(part, operation, target, order),
        ({ sessions }) => sessions.some(({ id }) => id === part.at(-1)),
      );
      ended.push(...result.sessions);
      browsers.push(...result.browserSessions.map(({ uid }) => uid));
      announcedAfterMs = afterMs ?? announcedAfterMs;
    }
    const named = new Set(ids);
    const along = ended.map(({ id }) => id).filter((id) => !named.has(id));
    const recorded = ended.length;
    const matched = recorded - along.length;
    const confirmation = recorded > 0 ? await this.confirmed(order) : null;
    return {
      recorded,
      complete: true,
      matched,
      along,
      browsers,
      notBefore: null,
      announcedAfterMs,
      confirmation,
    };
  }

  /** Signs a browser out, with everything it signed in; offline sessions stay where they are kept. */
  async browser(uid: string, keepOffline: boolean, operation: string, order: EndOrder): Promise<CarriedOut> {
    const { caller, reason, note, now } = order;
    const acted = adminActed(caller, operation, uid, now, { note });
    const named = { browserSessionUids: [uid], keepOffline };
    const ended = await endSessions(this.parts, named, reason, authorOf(order, acted));
    const sessions = ended.sessions.map(({ id }) => id);
    return {
      recorded: sessions.length,
      complete: true,
      matched: sessions.length,
      along: sessions,
      browsers: ended.browserSessions.map((one) => one.uid),
      notBefore: null,
      announcedAfterMs: null,
      confirmation: sessions.length > 0 ? await this.confirmed(order) : null,
    };
  }

  /** Ends live sessions that meet a search, the latest first, up to a bound. */
  async found(search: SessionSearch, operation: string, order: EndOrder): Promise<CarriedOut> {
    const { ids, complete } = await this.live(search, order);
    // Somebody may have ended them whose commit is not durable yet.
    if (ids.length === 0) await this.parts.sessions.endedBefore();
    return { ...(await this.these(ids, operation, order)), complete };
  }

  private async live(search: SessionSearch, order: EndOrder) {
    const ids: string[] = [];
    let next = null;
    do {
      const page = await this.parts.search.page(
        { ...search, state: 'live' },
        '-started_at',
        next,
        batch,
        order.now,
      );
      const standing = await Promise.all(
        page.found.map((one) => describeSession(one, this.parts.registry, order.now)),
      );
      ids.push(...standing.filter(({ wire }) => wire.state === 'live').map(({ wire }) => wire.id));
      next = page.next;
    } while (next !== null && ids.length < maxByOne);
    return { ids, complete: next === null };
  }

  /** Ends everything an account, a client or everyone has authorized until now: one commit, however many there are. */
  async all(target: MassTarget, operation: string, order: EndOrder): Promise<CarriedOut> {
    const { caller, reason, note, now } = order;
    const acted = adminActed(caller, operation, target.target || target.kind, now, {
      note,
      accountId: target.kind === 'account' ? target.target : null,
      clientId: target.kind === 'client' ? target.target : null,
    });
    const { result, afterMs } = await this.parts.announcements.during(
      `${target.kind}:${target.target}`,
      () => endEverything(this.parts, target, reason, authorOf(order, acted)),
      () => true,
    );
    // The first thousand got their record in the same commit; the sweeper writes the others.
    const recorded = result.sessions.length;
    const complete = target.kind !== 'everyone' && recorded < 1_000;
    const confirmation = await this.confirmed(order);
    return {
      recorded,
      complete,
      matched: null,
      along: [],
      browsers: result.browserSessions.map(({ uid }) => uid),
      notBefore: result.at,
      announcedAfterMs: afterMs,
      confirmation,
    };
  }

  private async confirmed({ confirm = false }: EndOrder): Promise<Confirmation | null> {
    return confirm ? this.parts.confirmation.confirm() : null;
  }

  private endPart(ids: readonly string[], operation: string, target: string | null, order: EndOrder) {
    const { caller, reason, note, now } = order;
    const acted = adminActed(caller, operation, target, now, {
      count: ids.length,
      note,
      ...(target === null ? {} : { sessionId: target }),
    });
    return endSessions(
      this.parts,
      { sessionIds: ids, reach: reachOfOrder(order) },
      reason,
      authorOf(order, acted),
    );
  }
}

const authorOf = ({ caller, note }: EndOrder, acted: NewEvent): Author => ({
  by: caller.actor,
  note,
  along: () => [acted],
});

/** How an end got out, as the wire has it; null where nothing was ended. */
export const propagationOf = ({
  recorded,
  browsers,
  notBefore,
  announcedAfterMs,
  confirmation,
}: CarriedOut) =>
  recorded + browsers.length === 0 && notBefore === null
    ? null
    : {
        durable: true as const,
        authorization_server: 'immediate' as const,
        announced: announcedAfterMs !== null,
        announced_after_ms: announcedAfterMs,
        confirmed: confirmation?.confirmed ?? null,
        confirmed_after_ms: confirmation?.confirmed ? confirmation.waitedMs : null,
        honoured_everywhere_within_seconds: revocationTarget,
      };

/** The outcome of the end of many, as the wire has it. */
export const carriedOutOnWire = (outcome: CarriedOut) => ({
  dry_run: false,
  matched: outcome.matched,
  by_client: [],
  recorded: outcome.recorded,
  along: outcome.along.length,
  browsers: outcome.browsers.length,
  complete: outcome.complete,
  not_before: outcome.notBefore === null ? null : written(outcome.notBefore),
  propagation: propagationOf(outcome),
});
