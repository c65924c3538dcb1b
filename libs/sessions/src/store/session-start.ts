import { insertEvents } from '@curfew/events';
import type { SessionBefore } from '@curfew/insight';
import { Prisma, type Transaction } from '@curfew/persistence';
import type { EndReason, Instant } from '@curfew/session-policy';
import { sessionEvent } from '../session-events.js';
import { packSignals } from './packed-columns.js';
import { type BeforeRow, readBefore, sessionBefore } from './session-before.js';
import { atDate as at, startColumns, startValues } from './session-row.js';
import { type AcceptedStepUp, AuthorizationKilled, type StoredSession } from './session-store.js';
import { covers } from './standing-statements.js';

/** The entries that end what is only being started: it has no row to compare with yet. */
const killersOfNew = ({ accountId, clientId, signedInAt }: StoredSession): Prisma.Sql => Prisma.sql`
  FROM not_before n, (SELECT ${accountId}::text AS account, ${clientId}::text AS client, ${at(signedInAt)}::timestamptz AS at) a
  WHERE ${Prisma.raw(covers({ account: 'a.account', client: 'a.client', at: 'a.at' }))}`;

/** @throws AuthorizationKilled if an entry ends what is only being started */
export async function refuseKilled(transaction: Transaction, session: StoredSession): Promise<void> {
  const killers = await transaction.$queryRaw<{ reason: EndReason }[]>`
    SELECT n.reason ${killersOfNew(session)} ORDER BY n.at LIMIT 1`;
  if (killers[0]) throw new AuthorizationKilled(killers[0].reason);
}

/**
 * A step-up was made (RFC 9470): the sessions that await it have its circumstances as their baseline, and the sign-in
 * counts as activity. `auth_time` counts in seconds: a demand within that very second may have come later, and still stands.
 */
export async function healWithin(
  transaction: Transaction,
  { accountId, clientId, authenticatedAt, signals }: AcceptedStepUp,
  waiting: readonly string[],
  now: Instant,
): Promise<void> {
  await transaction.$executeRaw`
    UPDATE session SET baseline = ${JSON.stringify(packSignals(signals))}::jsonb,
      stepped_up_at = GREATEST(step_up_required_at, ${at(authenticatedAt)}), last_active_at = GREATEST(last_active_at, ${at(now)}),
      expires_at = LEAST(absolute_deadline, GREATEST(expires_at, ${at(now)}::timestamptz + make_interval(secs => inactivity_timeout)))
    WHERE id = ANY(${[...waiting]}::uuid[])`;
  const events = waiting.map((id) =>
    sessionEvent({ id, accountId, clientId }, 'session.stepped_up', { signals }, now),
  );
  await transaction.$executeRaw(insertEvents(events));
}

/**
 * Starts the session unless everything of its account, of its client or of everyone has been ended since it was authorized, and finds those
 * that wait for the step-up it stands for. One statement: whoever redeems a code waits for each.
 */
export async function insertSession(
  transaction: Transaction,
  session: StoredSession,
  stepUp: AcceptedStepUp | undefined,
): Promise<{ killedBy: EndReason | null; waiting: readonly string[]; before: SessionBefore }> {
  const { accountId, clientId, offline, resources, baseline: signals } = session;
  const columns = Prisma.raw(startColumns.map((name) => `"${name}"`).join(', '));
  const event = sessionEvent(session, 'session.started', { offline, resources, signals }, session.startedAt);
  const [row] = await transaction.$queryRaw<({ reason: EndReason | null; waiting: string[] } & BeforeRow)[]>`
    WITH killer AS (
      SELECT n.reason ${killersOfNew(session)} ORDER BY n.at LIMIT 1
    ), before AS MATERIALIZED (${sessionBefore(session)}), started AS (
      INSERT INTO session (${columns}, after_idle_cut)
      SELECT ${columns}, (SELECT true FROM before WHERE cut_at IS NOT NULL) FROM jsonb_populate_record(NULL::session, ${startValues(session)}::jsonb)
      WHERE NOT EXISTS (SELECT 1 FROM killer) RETURNING 1
    ), told AS (
      ${insertEvents([event], 'WHERE EXISTS (SELECT 1 FROM started)')}
    ), waiting AS (
      SELECT id FROM session
      WHERE browser_session_uid = ${stepUp?.browserSessionUid ?? null}::text AND account_id = ${accountId}::uuid AND client_id = ${clientId}
        AND ended_at IS NULL AND expires_at > ${at(session.startedAt)}
        AND step_up_required_at <= ${stepUp ? at(stepUp.authenticatedAt) : null}::timestamptz
        AND (stepped_up_at IS NULL OR stepped_up_at < step_up_required_at)
      ORDER BY id FOR UPDATE
    )
    SELECT (SELECT reason FROM killer) AS reason, ARRAY(SELECT id::text FROM waiting) AS waiting, b.*
    FROM (SELECT 1) one LEFT JOIN before b ON true`;
  return { killedBy: row!.reason, waiting: row!.waiting, before: readBefore(row!) };
}
