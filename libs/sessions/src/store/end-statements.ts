import { eventRows, insertEvents, type NewEvent } from '@curfew/events';
import type { EndedSilence, SilenceRecorder } from '@curfew/insight';
import { milliseconds, Prisma, type PrismaService, type Transaction } from '@curfew/persistence';
import { type EndReason, instant } from '@curfew/session-policy';
import { newId } from '../ids.js';
import { atDate as at } from './session-row.js';
import type { End, EndedSession, MassEnd, Retention, WithEnd } from './session-store.js';

/** So many sessions a mass end ends one by one in its own commit; beyond that the sweeper settles them. */
const mostAtOnce = 1000;

/** So many ends fit into one announcement, which is at most 8,000 bytes (PostgreSQL, NOTIFY). */
const mostTogether = 200;

/** What an end says of a session that ended by it. */
export type EndedRow = [
  id: string,
  accountId: string,
  clientId: string,
  reason: EndReason,
  at: number,
  signedInAt: number,
  lastActiveAt: number,
  inactivityTimeout: number,
];

/** Ends sessions and, where that ends any, what goes with it; one statement, or one transaction. */
export async function endAlong(
  prisma: PrismaService,
  ends: readonly End[],
  { events = [], all, transaction }: WithEnd,
  retention: Retention,
  silences?: SilenceRecorder,
): Promise<readonly EndedSession[]> {
  if (!all) return endWithin(transaction ?? prisma, ends, events, retention, { silences });
  const both = async (within: Transaction): Promise<readonly EndedSession[]> => {
    const ended = await endWithin(within, ends, events, retention, { silences });
    return ended.length === 0 ? [] : [...ended, ...(await endAllWithin(within, all, retention, silences))];
  };
  return transaction ? both(transaction) : prisma.$transaction(both);
}

/**
 * Ends sessions, each with its one event, in one statement; `events` are written if any of them ended by it. Followers hear of it when it
 * commits: of each end in an announcement of its own, or, where nobody waits for that, of many `together`. Of all ways to end sessions this is
 * the only one that writes. What it answers is `answer`, a query of `ended` and `told`, which must read all of `told`: else nobody is.
 */
export function endStatement(
  ends: readonly End[],
  events: readonly NewEvent[],
  retention: Retention,
  { together, answer }: { readonly together: boolean; readonly answer: Prisma.Sql },
): Prisma.Sql {
  const wanted = JSON.stringify(
    ends.map(({ id, reason, at: moment, detail, ifLastActiveAt }, index) => ({
      id,
      told: together ? Math.floor(index / mostTogether) : index,
      reason,
      at: moment,
      detail,
      event_id: newId(moment),
      if_last_active_at: ifLastActiveAt,
    })),
  );
  return Prisma.sql`
    WITH wanted AS MATERIALIZED (
      SELECT id, told, reason, to_timestamp(at / 1000) AS at, detail, event_id, to_timestamp(if_last_active_at / 1000) AS if_last_active_at
      FROM jsonb_to_recordset(${wanted}::jsonb)
        AS w(id uuid, told int, reason text, at float8, detail jsonb, event_id uuid, if_last_active_at float8)
    ), held AS MATERIALIZED (
      SELECT s.id FROM session s WHERE s.id IN (SELECT id FROM wanted) AND s.ended_at IS NULL ORDER BY s.id FOR UPDATE
    ), ended AS (
      UPDATE session s SET ended_at = w.at, end_reason = w.reason, end_detail = w.detail,
        check_after = s.absolute_deadline + make_interval(secs => ${retention.ended})
      FROM held, wanted w WHERE s.id = held.id AND w.id = held.id AND s.ended_at IS NULL
        AND (w.if_last_active_at IS NULL OR s.last_active_at <= w.if_last_active_at)
      RETURNING s.id, s.account_id, s.client_id, w.reason, w.at, w.detail, w.event_id, w.told, s.signed_in_at, s.last_active_at,
        CASE WHEN s.expires_at < s.absolute_deadline THEN extract(epoch FROM s.expires_at - s.last_active_at) ELSE s.inactivity_timeout END AS idle
    ), noted AS (
      INSERT INTO event (id, at, type, session_id, account_id, client_id, data)
      SELECT event_id, at, 'session.ended', id, account_id, client_id, detail || jsonb_build_object('reason', reason) FROM ended
      UNION ALL
      SELECT e.id, e.at, e.type, e.session_id, e.account_id, e.client_id, e.data
        FROM jsonb_to_recordset(${eventRows(events)}::jsonb)
          AS e(id uuid, at timestamptz, type text, session_id uuid, account_id uuid, client_id text, data jsonb)
        WHERE EXISTS (SELECT 1 FROM ended)
    ), told AS MATERIALIZED (SELECT pg_notify('curfew_ends', string_agg(id::text, ' ')) FROM ended GROUP BY told)
    ${answer}`;
}

/** The sessions that ended, as `EndedRow` has them. */
export const whichEnded = Prisma.sql`
  SELECT id::text AS id, account_id::text AS account_id, client_id, reason, ${Prisma.raw(milliseconds('at'))} AS at, ${Prisma.raw(milliseconds('signed_in_at'))} AS signed_in_at,
    ${Prisma.raw(milliseconds('last_active_at'))} AS last_active_at, round(idle)::int AS idle FROM ended CROSS JOIN (SELECT count(*) FROM told) AS tellings`;

/** Ends sessions inside a transaction or on its own, as `endStatement` does; those that ended by it. */
export async function endWithin(
  database: Transaction | PrismaService,
  ends: readonly End[],
  events: readonly NewEvent[],
  retention: Retention,
  { together = false, silences }: { together?: boolean; silences?: SilenceRecorder | undefined } = {},
): Promise<readonly EndedSession[]> {
  if (ends.length === 0) return [];
  const rows = await database.$queryRaw<Record<string, EndedRow[number]>[]>(
    endStatement(ends, events, retention, { together, answer: whichEnded }),
  );
  const ended = rows.map((row) => Object.values(row) as EndedRow);
  silences?.ended(ended.map(endedSilence));
  return ended.map(([id, accountId, clientId, reason, moment]) => ({
    id,
    accountId,
    clientId,
    reason,
    at: instant(Math.round(moment)),
  }));
}

/** What is counted of an end. */
export const endedSilence = ([, accountId, clientId, reason, ...times]: EndedRow): EndedSilence => {
  const [moment, signedInAt, lastActiveAt, inactivityTimeout] = times;
  return {
    accountId,
    clientId,
    reason,
    at: instant(Math.round(moment)),
    signedInAt: instant(Math.round(signedInAt)),
    lastActiveAt: instant(Math.round(lastActiveAt)),
    inactivityTimeout,
  };
};

/** Writes the not-before row that kills them all with its event, and gives the first of them their own end. */
export async function endAllWithin(
  transaction: Transaction,
  massEnd: MassEnd,
  retention: Retention,
  silences?: SilenceRecorder,
): Promise<readonly EndedSession[]> {
  const { kind, target, reason, detail } = massEnd;
  await transaction.$executeRaw`
    WITH killer AS (
      INSERT INTO not_before (kind, target, at, reason, detail)
      VALUES (${kind}, ${target}, ${at(massEnd.at)}, ${reason}, ${JSON.stringify(detail)}::jsonb)
      ON CONFLICT (kind, target) DO UPDATE SET at = GREATEST(not_before.at, excluded.at), settled_at = NULL,
        reason = CASE WHEN excluded.at >= not_before.at THEN excluded.reason ELSE not_before.reason END,
        detail = CASE WHEN excluded.at >= not_before.at THEN excluded.detail ELSE not_before.detail END
    )
    ${insertEvents([togetherEvent(massEnd)])}`;
  await transaction.$executeRaw`SELECT pg_notify('curfew_ends', ${`${kind}:${target}`})`;
  if (kind === 'everyone') return [];
  const account = kind === 'account' ? target : null;
  const client = kind === 'client' ? target : null;
  const first = await transaction.$queryRaw<{ id: string }[]>`
    SELECT id::text AS id FROM session
    WHERE ended_at IS NULL AND signed_in_at <= ${at(massEnd.at)}
      AND (${account}::uuid IS NULL OR account_id = ${account}::uuid) AND (${client}::text IS NULL OR client_id = ${client})
    ORDER BY id LIMIT ${mostAtOnce}`;
  if (first.length === 0) return [];
  const ends = first.map(({ id }) => ({ id, reason, at: massEnd.at, detail }));
  return endWithin(transaction, ends, [], retention, { together: true, silences });
}

/** The one event of a mass end. */
export const togetherEvent = ({ kind, target, reason, at: moment, detail }: MassEnd): NewEvent => ({
  id: newId(moment),
  at: moment,
  type: 'sessions.ended_together',
  sessionId: null,
  accountId: kind === 'account' ? target : null,
  clientId: kind === 'client' ? target : null,
  data: {
    kind,
    reason,
    notBefore: moment,
    ...(detail.by && { by: detail.by }),
    ...(detail.note !== undefined && { note: detail.note }),
  },
});
