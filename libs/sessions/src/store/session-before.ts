import type { SessionBefore } from '@curfew/insight';
import { Prisma } from '@curfew/persistence';
import { instant } from '@curfew/session-policy';
import { atDate as at } from './session-row.js';
import type { StoredSession } from './session-store.js';

/** The columns of the session before. */
export interface BeforeRow {
  last_active_at: Date | null;
  cut_at: Date | null;
  cut_timeout: number | null;
  same_day: boolean | null;
}

/** A sign-in within this time after an idle end is told as coming back from it. */
const backWithinHours = 8;
/** Sessions of an account that are looked at. An account that has more is no person, and nothing is to be learnt of it. */
const maxLooked = 500;
const dayMs = 86_400_000;

/** When the inactivity timeout ended the session `p`, as `cut_at`, if that was within eight hours before `moment`; an end nobody has recorded counts. */
export const cutOf = (moment: Prisma.Sql): Prisma.Sql => Prisma.sql`
  SELECT CASE WHEN p.expires_at < p.absolute_deadline AND p.expires_at <= ${moment} AND p.expires_at > ${moment} - make_interval(hours => ${backWithinHours})
    AND (p.ended_at IS NULL OR p.end_reason = 'inactivity_timeout') THEN p.expires_at END AS cut_at`;

/**
 * The last used of the sessions that the same account and client had before, and whether its inactivity timeout ended it. An end that nobody
 * has recorded yet is told from its deadline.
 */
export const sessionBefore = ({ accountId, clientId, startedAt }: StoredSession): Prisma.Sql => Prisma.sql`
  SELECT p.last_active_at, c.cut_at, round(extract(epoch FROM c.cut_at - p.last_active_at))::int AS cut_timeout,
    max(p.started_at) OVER () >= ${new Date(startedAt - (startedAt % dayMs))} AS same_day
  FROM (SELECT * FROM session WHERE account_id = ${accountId}::uuid LIMIT ${maxLooked}) p
  CROSS JOIN LATERAL (${cutOf(Prisma.sql`${at(startedAt)}::timestamptz`)}) c
  WHERE p.client_id = ${clientId} ORDER BY p.last_active_at DESC LIMIT 1`;

/** What a new session tells of the one before it. */
export const readBefore = (row: BeforeRow): SessionBefore => ({
  lastActiveAt: row.last_active_at && instant(row.last_active_at.getTime()),
  cut:
    row.cut_at === null || row.cut_timeout === null
      ? null
      : { at: instant(row.cut_at.getTime()), inactivityTimeout: row.cut_timeout },
  isSameDay: row.same_day ?? false,
});
