import type { PrismaService, Transaction } from '@curfew/persistence';
import { Prisma, retrying } from '@curfew/persistence';
import type { EventData, Instant, SessionId } from '@curfew/session-policy';
import { newId } from './ids.js';
import { atDate as at } from './store/session-row.js';
import type { Retention } from './store/session-store.js';

/** The end of one browser session, with all that its event tells of it. */
export interface BrowserSessionEnd extends Omit<EventData['signin.ended'], 'browserSessionUid'> {
  readonly uid: string;
  readonly at: Instant;
  /** For an end by the clock: the end does not happen if the person has been active since. */
  readonly ifLastActiveAt?: Instant;
}

/** A browser session this call ended; others may have been ended before. */
export interface EndedBrowserSession {
  readonly uid: string;
  readonly accountId: string;
}

/** A session and the browser session it came of. */
export interface CameOf {
  readonly id: SessionId;
  readonly uid: string;
  readonly accountId: string;
}

/** Which of the sessions that came of a browser are asked for. */
interface LiveSessionsChoice {
  /** Leaves offline sessions out. */
  readonly keepOffline?: boolean;
  /** Leaves out what was authorized at or before this instant. */
  readonly begunAfter?: Instant;
}

/** The most browser sessions of an account that end in the commit of a mass end. */
const maxTogether = 1000;

/** Ends browser sessions. */
export class BrowserSessionEnds {
  constructor(
    private readonly prisma: PrismaService,
    private readonly retention: Retention,
  ) {}

  /**
   * Ends those that have not ended, each with its one event, in one statement; durable when it returns, or with `transaction` where that
   * is given. A row is locked against whoever holds it for a code or a session, in the order of the uids.
   */
  async end(
    ends: readonly BrowserSessionEnd[],
    transaction?: Transaction,
  ): Promise<readonly EndedBrowserSession[]> {
    if (ends.length === 0) return [];
    const rows = await (transaction ?? this.prisma).$queryRaw<{ uid: string; account_id: string }[]>(
      endBrowserSessions(ends, this.retention),
    );
    return rows.map(({ uid, account_id: accountId }) => ({ uid, accountId }));
  }

  /** Does `work` in `transaction`, or in one of its own that is tried again where it lost against others. */
  async within<T>(transaction: Transaction | undefined, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return transaction ? work(transaction) : retrying(() => this.prisma.$transaction(work));
  }

  /** Locks those of these browser sessions that have not ended; whoever starts a session in one of them waits from here on. */
  async hold(uids: readonly string[], transaction: Transaction): Promise<readonly EndedBrowserSession[]> {
    if (uids.length === 0) return [];
    return transaction.$queryRaw<EndedBrowserSession[]>`
      SELECT uid, account_id::text AS "accountId" FROM browser_session
      WHERE uid = ANY(${[...uids]}::text[]) AND account_id IS NOT NULL AND ended_at IS NULL ORDER BY uid FOR UPDATE`;
  }

  /** The browser sessions that these sessions came of; a session of a device without a browser has none. */
  async cameOf(ids: readonly SessionId[], transaction: Transaction): Promise<readonly CameOf[]> {
    return transaction.$queryRaw<CameOf[]>`
      SELECT id::text AS id, browser_session_uid AS uid, account_id::text AS "accountId" FROM session
      WHERE id = ANY(${[...ids]}::uuid[]) AND browser_session_uid IS NOT NULL ORDER BY id`;
  }

  /** The sessions of these people that came of their browser sessions and have not ended, as far as the choice goes. */
  async liveSessions(
    of: readonly EndedBrowserSession[],
    { keepOffline = false, begunAfter }: LiveSessionsChoice,
    transaction: Transaction,
  ): Promise<readonly CameOf[]> {
    if (of.length === 0) return [];
    const since = begunAfter === undefined ? null : at(begunAfter);
    const [uids, accountIds] = [of.map(({ uid }) => uid), of.map(({ accountId }) => accountId)];
    return transaction.$queryRaw<CameOf[]>`
      SELECT s.id::text AS id, s.browser_session_uid AS uid, s.account_id::text AS "accountId" FROM session s
      WHERE (s.browser_session_uid, s.account_id) IN (SELECT * FROM unnest(${uids}::text[], ${accountIds}::uuid[]))
        AND s.ended_at IS NULL AND NOT (s.offline AND ${keepOffline})
        AND (${since}::timestamptz IS NULL OR s.signed_in_at > ${since}::timestamptz) ORDER BY s.id`;
  }

  /** The browser sessions of an account, as far as somebody signed in there at or before `until`; bounded, the sweeper ends the rest. */
  async ofAccount(accountId: string, until: Instant, transaction?: Transaction): Promise<readonly string[]> {
    const rows = await (transaction ?? this.prisma).$queryRaw<{ uid: string }[]>`
      SELECT uid FROM browser_session
      WHERE account_id = ${accountId}::uuid AND ended_at IS NULL AND signed_in_at <= ${at(until)} ORDER BY uid LIMIT ${maxTogether}`;
    return rows.map(({ uid }) => uid);
  }
}

/**
 * Ends those browser sessions that have not ended, each with its one event; answers which. The payload goes with the end, so that no node,
 * of this version or of one before, can open the row again.
 */
export function endBrowserSessions(ends: readonly BrowserSessionEnd[], retention: Retention): Prisma.Sql {
  const wanted = JSON.stringify(
    ends.map(({ uid, at: moment, ifLastActiveAt, reason, ...detail }) => ({
      uid,
      at: moment,
      reason,
      detail,
      event_id: newId(moment),
      if_last_active_at: ifLastActiveAt,
    })),
  );
  return Prisma.sql`
    WITH wanted AS MATERIALIZED (
      SELECT uid, reason, to_timestamp(at / 1000) AS at, detail, event_id, to_timestamp(if_last_active_at / 1000) AS if_last_active_at
      FROM jsonb_to_recordset(${wanted}::jsonb)
        AS w(uid text, reason text, at float8, detail jsonb, event_id uuid, if_last_active_at float8)
    ), held AS MATERIALIZED (
      SELECT b.uid FROM browser_session b
      WHERE b.uid IN (SELECT uid FROM wanted) AND b.account_id IS NOT NULL AND b.ended_at IS NULL ORDER BY b.uid FOR UPDATE
    ), ended AS (
      UPDATE browser_session b SET ended_at = w.at, end_reason = w.reason, end_detail = w.detail, payload = ''::bytea,
        expires_at = w.at + make_interval(secs => ${retention.ended})
      FROM held, wanted w WHERE b.uid = held.uid AND w.uid = held.uid AND b.ended_at IS NULL
        AND (w.if_last_active_at IS NULL OR COALESCE(b.last_active_at, b.signed_in_at) <= w.if_last_active_at)
      RETURNING b.uid, b.account_id, w.reason, w.at, w.detail, w.event_id
    ), noted AS (
      INSERT INTO event (id, at, type, account_id, data)
      SELECT event_id, at, 'signin.ended', account_id, detail || jsonb_build_object('reason', reason, 'browserSessionUid', uid) FROM ended
    )
    SELECT uid, account_id::text AS account_id FROM ended`;
}
