import type { NewEvent } from '@curfew/events';
import type { HotStatement, Statements } from '@curfew/persistence';
import type { EndReason, Instant, SessionId } from '@curfew/session-policy';
import type { EndCall } from './end-statement.js';
import type { EndDetail } from './session-store.js';

/** Sessions that end together with the browsers they came of, and with what else these signed in, for one reason. */
export interface JointEnd {
  readonly ids: readonly SessionId[];
  /** Browser sessions to be ended beside those that the sessions came of. */
  readonly uids: readonly string[];
  /** Whether the sessions take along the browsers they came of. */
  readonly takesBrowsers: boolean;
  readonly reason: EndReason;
  readonly detail: EndDetail;
  readonly now: Instant;
  /** Whether offline sessions outlive the browser, unless they are named themselves. */
  readonly keepOffline: boolean;
  /** Recorded if anything ended. */
  readonly events: readonly NewEvent[];
  /** Nothing ends unless this session does. */
  readonly onlyWith?: SessionId | undefined;
}

/** A session and the browser session it came of. */
export interface CameOf {
  readonly id: SessionId;
  readonly uid: string;
  readonly accountId: string;
}

/** A browser session that has not ended, and who is signed in there. */
export interface HeldBrowser {
  readonly uid: string;
  readonly accountId: string;
}

/** A session that has not ended. */
interface Live {
  readonly id: SessionId;
  readonly uid: string | null;
  readonly accountId: string;
  readonly offline: boolean;
}

/** Holds browser sessions in the order of their uids: those that sessions came of and those that are named. */
const holdBrowsers: HotStatement = {
  name: 'browser_session_hold',
  text: `
    WITH came AS MATERIALIZED (
      SELECT s.id, s.browser_session_uid AS uid, s.account_id FROM session s WHERE s.id = ANY($1::uuid[]) AND s.browser_session_uid IS NOT NULL
    ), held AS MATERIALIZED (
      SELECT b.uid, b.account_id FROM browser_session b
      WHERE b.uid = ANY(ARRAY(SELECT uid FROM came UNION SELECT unnest($2::text[]))) AND b.account_id IS NOT NULL AND b.ended_at IS NULL
      ORDER BY b.uid FOR UPDATE
    )
    SELECT id::text AS id, uid, account_id::text AS account_id FROM came
    UNION ALL SELECT NULL, uid, account_id::text FROM held`,
};

/** Holds, in the order of their ids, the sessions that are named and those of these people that came of these browser sessions. */
const holdSessions: HotStatement = {
  name: 'session_hold',
  text: `
    SELECT s.id::text AS id, s.browser_session_uid AS uid, s.account_id::text AS account_id, s.offline FROM session s
    WHERE s.ended_at IS NULL AND s.id = ANY(ARRAY(
      SELECT unnest($1::uuid[]) UNION
      SELECT o.id FROM unnest($2::text[], $3::uuid[]) AS b(uid, account_id)
        JOIN session o ON o.browser_session_uid = b.uid AND o.account_id = b.account_id WHERE o.ended_at IS NULL
    )) ORDER BY s.id FOR UPDATE`,
};

type CameRow = [id: string | null, uid: string, accountId: string];
type LiveRow = [id: string, uid: string | null, accountId: string, offline: boolean];

/**
 * Finds the sessions that end by each of these acts, and holds all of it until the transaction is over. Browser sessions are held first: a
 * session that starts in one meanwhile is seen here, or finds that it has ended (ADR 37). The sessions of a browser are therefore read by a
 * statement of their own. A session that two acts name ends by the first.
 */
export async function holdJointEnds(
  statements: Statements,
  acts: readonly JointEnd[],
): Promise<readonly EndCall[]> {
  const { came, held } = await heldBrowsers(statements, acts);
  const pairs = [...held, ...came];
  const live = await statements.run<LiveRow>(holdSessions, [
    acts.flatMap(({ ids }) => ids),
    pairs.map(({ uid }) => uid),
    pairs.map(({ accountId }) => accountId),
  ]);
  const standing = new Standing(
    held,
    live.map(([id, uid, accountId, offline]) => ({ id, uid, accountId, offline })),
  );
  return acts.map((act) => standing.take(act, came));
}

async function heldBrowsers(statements: Statements, acts: readonly JointEnd[]) {
  const taking = acts.flatMap(({ ids, takesBrowsers }) => (takesBrowsers ? ids : []));
  const named = acts.flatMap(({ uids }) => uids);
  const came: CameOf[] = [];
  const held: HeldBrowser[] = [];
  for (const [id, uid, accountId] of await statements.run<CameRow>(holdBrowsers, [taking, named]))
    if (id === null) held.push({ uid, accountId });
    else came.push({ id, uid, accountId });
  came.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { came, held };
}

/** The sessions that have not ended and are held; each act takes its part, and leaves the rest to those behind it. */
class Standing {
  readonly #browsers: Map<string, HeldBrowser>;
  readonly #sessions: Map<SessionId, Live>;

  constructor(held: readonly HeldBrowser[], live: readonly Live[]) {
    this.#browsers = new Map(held.map((one) => [one.uid, one] as const));
    this.#sessions = new Map(live.map((one) => [one.id, one] as const));
  }

  take(act: JointEnd, allCame: readonly CameOf[]): EndCall {
    const { ids, reason, detail, now: at, events, onlyWith } = act;
    if (onlyWith !== undefined && !this.#sessions.has(onlyWith)) return { ends: [], events };
    const names = new Set(ids);
    const came = act.takesBrowsers ? allCame.filter(({ id }) => names.has(id)) : [];
    const first = new Map(came.toReversed().map(({ uid, id }) => [uid, id] as const));
    const browsers = [...new Set([...act.uids, ...first.keys()])].flatMap(
      (uid) => this.#browsers.get(uid) ?? [],
    );
    const named = ids.flatMap((id) => this.#sessions.get(id) ?? []);
    const along = this.#along(act, [...browsers, ...came], names);
    const ended = [...named, ...along];
    const ends = [
      ...named.map(({ id }) => ({ id, reason, at, detail })),
      ...along.map(({ id, uid }) => ({
        id,
        reason,
        at,
        detail: alongWith(first.get(uid!), saidOfSession(detail)),
      })),
    ];
    const browserEnds = browsers.map(({ uid }) => ({
      uid,
      at,
      reason,
      sessionsEnded: ended.filter((one) => one.uid === uid).length,
      ...alongWith(first.get(uid), saidOf(detail)),
    }));
    for (const { id } of ended) this.#sessions.delete(id);
    for (const { uid } of browsers) this.#browsers.delete(uid);
    return { ends, browserEnds, events };
  }

  /** The other sessions of these people that came of these browsers. */
  #along({ keepOffline }: JointEnd, of: readonly HeldBrowser[], named: ReadonlySet<SessionId>): Live[] {
    const meant = new Set(of.map(({ uid, accountId }) => `${accountId} ${uid}`));
    return [...this.#sessions.values()].filter(
      ({ id, uid, accountId, offline }) =>
        !named.has(id) && !(offline && keepOffline) && meant.has(`${accountId} ${uid}`),
    );
  }
}

/** The part of an end's details that is also true of the sessions that end along with it. */
export const saidOf = ({ by, note }: EndDetail): Pick<EndDetail, 'by' | 'note'> => {
  if (note === undefined) return by === undefined ? {} : { by };
  return by === undefined ? { note } : { by, note };
};

/** The same of a session, with the circumstances of the act that ends it. */
const saidOfSession = (detail: EndDetail): EndDetail =>
  detail.signals === undefined ? saidOf(detail) : { signals: detail.signals, ...saidOf(detail) };

/** The same, naming the session with which it ended. */
export const alongWith = <Said extends EndDetail>(because: SessionId | undefined, said: Said) =>
  because === undefined ? said : { because, ...said };
