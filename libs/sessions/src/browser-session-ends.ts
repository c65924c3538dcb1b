import type { PrismaService, Transaction } from '@curfew/persistence';
import { Prisma } from '@curfew/persistence';
import type { EventData, Instant } from '@curfew/session-policy';
import { newId } from './ids.js';
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

/** Ends browser sessions. Of all ways to end them this is the only one that writes. */
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
      endStatement(ends, this.retention),
    );
    return rows.map(({ uid, account_id: accountId }) => ({ uid, accountId }));
  }

  /** The uids of the browsers that an account is signed in with, in the order in which they are locked. */
  async ofAccount(accountId: string, transaction?: Transaction): Promise<readonly string[]> {
    const rows = await (transaction ?? this.prisma).$queryRaw<{ uid: string }[]>`
      SELECT uid FROM browser_session WHERE account_id = ${accountId}::uuid AND ended_at IS NULL ORDER BY uid`;
    return rows.map(({ uid }) => uid);
  }
}

/** The payload goes with the end, so that no node, of this version or of one before, can open the row again. */
function endStatement(ends: readonly BrowserSessionEnd[], retention: Retention): Prisma.Sql {
  const wanted = JSON.stringify(
    ends.map(({ uid, at, ifLastActiveAt, reason, ...detail }) => ({
      uid,
      at,
      reason,
      detail,
      event_id: newId(at),
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
