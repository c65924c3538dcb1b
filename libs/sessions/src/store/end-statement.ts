import { eventColumns, eventRow, insertSelectedEvents, type NewEvent } from '@curfew/events';
import type { EndedSilence } from '@curfew/insight';
import { commitColumns, type HotStatement, milliseconds } from '@curfew/persistence';
import { type EndReason, type EventData, type Instant, instant } from '@curfew/session-policy';
import { newId } from '@curfew/tokens';
import type { End, EndedSession, Retention } from './session-store.js';
import { markColumns } from './standing-statements.js';

/** The end of one browser session, with all that its event tells of it. */
export interface BrowserSessionEnd extends Omit<EventData['signin.ended'], 'browserSessionUid'> {
  readonly uid: string;
  readonly at: Instant;
  /** For an end by the clock: the end does not happen if the person has been active since. */
  readonly ifLastActiveAt?: Instant;
}

/** One act that ends sessions and browser sessions: which, and the events that are recorded if anything ended by it. */
export interface EndCall {
  readonly ends: readonly End[];
  readonly browserEnds?: readonly BrowserSessionEnd[];
  readonly events: readonly NewEvent[];
}

/**
 * The row that the statement returns for a session or, by its uid, for a browser session that ended; `call` is the place of the act that
 * ended it.
 */
export type EndedRow = [
  call: number,
  uid: string | null,
  id: string,
  accountId: string,
  clientId: string,
  reason: EndReason,
  at: number,
  signedInAt: number,
  lastActiveAt: number,
  inactivityTimeout: number,
  xid: string,
  position: string,
];

const sessionsEnded = `
  wanted AS MATERIALIZED (
    SELECT w.id, w.call, w.reason, to_timestamp(w.at / 1000) AS at, w.detail, w.event_id, to_timestamp(w.if_last_active_at / 1000) AS if_last_active_at,
      to_timestamp(w.shadow_end / 1000) AS shadow_end
    FROM jsonb_to_recordset($1::jsonb)
      AS w(id uuid, call int, reason text, at float8, detail jsonb, event_id uuid, if_last_active_at float8, shadow_end float8)
  ), ended AS (
    UPDATE session s SET ended_at = w.at, end_reason = w.reason, end_detail = w.detail,
      check_after = s.absolute_deadline + make_interval(secs => $2::int), ${markColumns('w.shadow_end', 'NULL::int')}
    FROM wanted w WHERE s.id = ANY($3::uuid[]) AND s.id = w.id AND s.ended_at IS NULL
      AND (w.if_last_active_at IS NULL OR s.last_active_at <= w.if_last_active_at)
    RETURNING s.id, s.account_id, s.client_id, w.call, w.reason, w.at, w.detail, w.event_id, s.signed_in_at, s.last_active_at,
      CASE WHEN s.expires_at < s.absolute_deadline THEN extract(epoch FROM s.expires_at - s.last_active_at) ELSE s.inactivity_timeout END AS idle
  )`;

/** The payload goes with the end, so that no node, of this version or of one before, can open the row again. */
const browsersEnded = `
  browsers_wanted AS MATERIALIZED (
    SELECT w.uid, w.call, w.reason, to_timestamp(w.at / 1000) AS at, w.detail, w.event_id, to_timestamp(w.if_last_active_at / 1000) AS if_last_active_at
    FROM jsonb_to_recordset($5::jsonb)
      AS w(uid text, call int, reason text, at float8, detail jsonb, event_id uuid, if_last_active_at float8)
  ), browsers_ended AS (
    UPDATE browser_session b SET ended_at = w.at, end_reason = w.reason, end_detail = w.detail, payload = ''::bytea,
      expires_at = w.at + make_interval(secs => $2::int)
    FROM browsers_wanted w WHERE b.uid = ANY($6::text[]) AND b.uid = w.uid AND b.account_id IS NOT NULL AND b.ended_at IS NULL
      AND (w.if_last_active_at IS NULL OR COALESCE(b.last_active_at, b.signed_in_at) <= w.if_last_active_at)
    RETURNING b.uid, b.account_id, w.call, w.reason, w.at, w.detail, w.event_id
  )`;

const eventsOfSessions = `
  SELECT event_id, at, 'session.ended', id, account_id, client_id, detail || jsonb_build_object('reason', reason) FROM ended`;
const eventsOfBrowsers = `
  SELECT event_id, at, 'signin.ended', NULL, account_id, NULL, detail || jsonb_build_object('reason', reason, 'browserSessionUid', uid)
  FROM browsers_ended`;
const eventsOfActs = (ended: string) => `
  SELECT e.id, e.at, e.type, e.session_id, e.account_id, e.client_id, e.data
  FROM jsonb_to_recordset($4::jsonb) AS e(call int, ${eventColumns}) WHERE e.call IN (${ended})`;

const rowsOfSessions = `
  SELECT call, NULL AS uid, id::text AS id, account_id::text AS account_id, client_id, reason, ${milliseconds('at')} AS at, ${milliseconds('signed_in_at')} AS signed_in_at,
    ${milliseconds('last_active_at')} AS last_active_at, round(idle)::int AS idle, ${commitColumns()} FROM ended`;
const rowsOfBrowsers = `
  SELECT call, uid, NULL, account_id::text, NULL, reason, ${milliseconds('at')}, NULL, NULL, NULL, ${commitColumns()} FROM browsers_ended`;

/**
 * Ends sessions for any number of acts, each session with its one event, in one statement: this one and the next are all that write an end.
 * Rows are found by their keys alone and in the order of these, so two batches take their locks in one order. A session that two acts end
 * at once ends by one of them.
 */
export const endStatement: HotStatement = {
  name: 'session_end',
  place: 'in its rows',
  text: `
    WITH ${sessionsEnded}, noted AS (
      ${insertSelectedEvents(`${eventsOfSessions} UNION ALL ${eventsOfActs('SELECT call FROM ended')}`)}
    ) ${rowsOfSessions}`,
};

/** The same with browser sessions, whose rows must be held before where sessions may begin in them. */
export const jointEndStatement: HotStatement = {
  name: 'session_end_jointly',
  place: 'in its rows',
  text: `
    WITH ${sessionsEnded}, ${browsersEnded}, noted AS (
      ${insertSelectedEvents(
        `${eventsOfSessions} UNION ALL ${eventsOfBrowsers} UNION ALL
        ${eventsOfActs('SELECT call FROM ended UNION ALL SELECT call FROM browsers_ended')}`,
      )}
    ) ${rowsOfSessions} UNION ALL ${rowsOfBrowsers}`,
};

/** The statement for these acts, and its values. */
export function endOf(
  calls: readonly EndCall[],
  retention: Retention,
): { readonly statement: HotStatement; readonly values: readonly unknown[] } {
  const wanted = calls.flatMap(({ ends }, call) =>
    ends.map(({ id, reason, at, detail, ifLastActiveAt, mark }) => ({
      id,
      call,
      reason,
      at,
      detail,
      event_id: newId(at),
      if_last_active_at: ifLastActiveAt,
      shadow_end: mark?.at,
    })),
  );
  const events = calls.flatMap((one, call) => one.events.map((event) => ({ call, ...eventRow(event) })));
  const ids = inOrder(wanted.map(({ id }) => id));
  wanted.sort((a, b) => (a.id < b.id ? -1 : 1));
  const values = [JSON.stringify(wanted), retention.ended, ids, JSON.stringify(events)];
  const browsers = browsersOf(calls);
  if (browsers.length === 0) return { statement: endStatement, values };
  const uids = inOrder(browsers.map(({ uid }) => uid));
  return { statement: jointEndStatement, values: [...values, JSON.stringify(browsers), uids] };
}

const inOrder = (keys: readonly string[]): string[] => [...new Set(keys)].sort();

const browsersOf = (calls: readonly EndCall[]) =>
  calls
    .flatMap(({ browserEnds = [] }, call) =>
      browserEnds.map(({ uid, at, ifLastActiveAt, reason, ...detail }) => ({
        uid,
        call,
        reason,
        at,
        detail,
        event_id: newId(at),
        if_last_active_at: ifLastActiveAt,
      })),
    )
    .sort((a, b) => (a.uid < b.uid ? -1 : 1));

/** A session that ended, as callers hear of it. */
export const endedSession = ([, , id, accountId, clientId, reason, at]: EndedRow): EndedSession => ({
  id,
  accountId,
  clientId,
  reason,
  at: instant(Math.round(at)),
});

/** The sessions that ended as they are counted: from their rows, and from the trials that were known when their ends were decided on. */
export function endedSilences(rows: readonly EndedRow[], ends: readonly End[]): EndedSilence[] {
  if (!ends.some(({ trial }) => trial)) return rows.map(endedSilence);
  const trials = new Map(ends.map(({ id, trial }) => [id, trial]));
  return rows.map((row) => ({ trial: trials.get(row[2]), ...endedSilence(row) }));
}

const endedSilence = ([, , , accountId, clientId, reason, at, ...times]: EndedRow): EndedSilence => {
  const [signedInAt, lastActiveAt, inactivityTimeout] = times;
  return {
    accountId,
    clientId,
    reason,
    at: instant(Math.round(at)),
    signedInAt: instant(Math.round(signedInAt)),
    lastActiveAt: instant(Math.round(lastActiveAt)),
    inactivityTimeout,
  };
};
