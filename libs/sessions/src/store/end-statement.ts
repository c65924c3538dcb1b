import { eventColumns, eventRow, insertSelectedEvents, type NewEvent } from '@curfew/events';
import type { EndedSilence } from '@curfew/insight';
import { commitColumns, type HotStatement, milliseconds } from '@curfew/persistence';
import { type EndReason, instant } from '@curfew/session-policy';
import { newId } from '../ids.js';
import type { End, EndedSession, Retention } from './session-store.js';

/** One act that ends sessions: which, and the events that are recorded if any session ended by it. */
export interface EndCall {
  readonly ends: readonly End[];
  readonly events: readonly NewEvent[];
}

/** What the statement says of a session that ended; `call` is the place of the act that ended it. */
export type EndedRow = [
  call: number,
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

/**
 * Ends sessions for any number of acts, each session with its one event, in one statement: no other one writes an end. Sessions are
 * found by their ids alone and in the order of these, so two batches take their locks in one order. A session that two acts end at
 * once ends by one of them.
 */
export const endStatement: HotStatement = {
  name: 'session_end',
  place: 'in its rows',
  text: `
    WITH wanted AS MATERIALIZED (
      SELECT w.id, w.call, w.reason, to_timestamp(w.at / 1000) AS at, w.detail, w.event_id, to_timestamp(w.if_last_active_at / 1000) AS if_last_active_at
      FROM jsonb_to_recordset($1::jsonb)
        AS w(id uuid, call int, reason text, at float8, detail jsonb, event_id uuid, if_last_active_at float8)
    ), ended AS (
      UPDATE session s SET ended_at = w.at, end_reason = w.reason, end_detail = w.detail,
        check_after = s.absolute_deadline + make_interval(secs => $2::int)
      FROM wanted w WHERE s.id = ANY($3::uuid[]) AND s.id = w.id AND s.ended_at IS NULL
        AND (w.if_last_active_at IS NULL OR s.last_active_at <= w.if_last_active_at)
      RETURNING s.id, s.account_id, s.client_id, w.call, w.reason, w.at, w.detail, w.event_id, s.signed_in_at, s.last_active_at,
        CASE WHEN s.expires_at < s.absolute_deadline THEN extract(epoch FROM s.expires_at - s.last_active_at) ELSE s.inactivity_timeout END AS idle
    ), noted AS (
      ${insertSelectedEvents(`
        SELECT event_id, at, 'session.ended', id, account_id, client_id, detail || jsonb_build_object('reason', reason) FROM ended
        UNION ALL
        SELECT e.id, e.at, e.type, e.session_id, e.account_id, e.client_id, e.data
        FROM jsonb_to_recordset($4::jsonb) AS e(call int, ${eventColumns}) WHERE e.call IN (SELECT call FROM ended)`)}
    )
    SELECT call, id::text AS id, account_id::text AS account_id, client_id, reason, ${milliseconds('at')} AS at, ${milliseconds('signed_in_at')} AS signed_in_at,
      ${milliseconds('last_active_at')} AS last_active_at, round(idle)::int AS idle, ${commitColumns} FROM ended`,
};

/** The values of the statement for these acts. */
export function valuesOf(calls: readonly EndCall[], retention: Retention): unknown[] {
  const wanted = calls.flatMap(({ ends }, call) =>
    ends.map(({ id, reason, at, detail, ifLastActiveAt }) => ({
      id,
      call,
      reason,
      at,
      detail,
      event_id: newId(at),
      if_last_active_at: ifLastActiveAt,
    })),
  );
  wanted.sort((a, b) => (a.id < b.id ? -1 : 1));
  const events = calls.flatMap((one, call) => one.events.map((event) => ({ call, ...eventRow(event) })));
  return [
    JSON.stringify(wanted),
    retention.ended,
    [...new Set(wanted.map(({ id }) => id))],
    JSON.stringify(events),
  ];
}

/** A session that ended, as callers hear of it. */
export const endedSession = ([, id, accountId, clientId, reason, at]: EndedRow): EndedSession => ({
  id,
  accountId,
  clientId,
  reason,
  at: instant(Math.round(at)),
});

/** The same, as it is counted. */
export const endedSilence = ([, , accountId, clientId, reason, at, ...times]: EndedRow): EndedSilence => {
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
