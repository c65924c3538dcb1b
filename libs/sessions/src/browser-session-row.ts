import { milliseconds } from '@curfew/persistence';
import { endReasonEntry, endReasons, instant, latest, seconds } from '@curfew/session-policy';
import { type BrowserSession } from '@curfew/session-policy/browser-sign-in';
import { type AuthorizationColumns, entriesAgainst, isCovered } from './store/standing-statements.js';

/**
 * Reasons of an end after which the person is not asked to prove who they are at that client, as SQL text. One that stands nowhere here, because
 * a node of a newer version wrote it, asks for proof, as `endReasonEntry` says.
 */
const leavesClient = endReasons
  .filter((reason) => endReasonEntry(reason).silentReturn !== 'proof_at_that_client')
  .map((reason) => `'${reason}'`)
  .join(', ');

/**
 * The columns of `browser_session b` and of `came` that judge a browser's sign-in, in the order of `BrowserSessionColumns`, each with a
 * name.
 */
export const browserSessionColumns = `
  ${milliseconds('b.signed_in_at')} AS proved_at, ${milliseconds('b.last_active_at')} AS acted_at, b.inactivity_timeout, ${milliseconds('b.absolute_deadline')} AS absolute_deadline,
  ${milliseconds('came.active_at')} AS active_at, ${milliseconds('came.step_up_at')} AS step_up_at, came.silent_for, came.ended_clients`;

/**
 * Facts about the sessions that came of `browser_session b`, at `now`, joined as `came`: when one was last active beyond its start, which
 * may have been silent; the last step-up that is outstanding; and, by client, whether the latest to end by inactivity has been followed by
 * one that stands, and whether all of that client's were ended.
 */
export const sessionsOfBrowser = (now: string): string => `LATERAL (
  SELECT max(c.active_at) AS active_at, max(c.step_up_at) AS step_up_at,
    max(c.silent_for) FILTER (WHERE c.standing_since IS NULL OR c.standing_since < c.silent_since) AS silent_for,
    array_agg(c.client_id) FILTER (WHERE c.is_ended) AS ended_clients
  FROM (
    SELECT s.client_id, max(s.last_active_at) FILTER (WHERE s.last_active_at > s.signed_in_at) AS active_at,
      max(s.step_up_required_at) FILTER (WHERE s.stepped_up_at IS NULL OR s.stepped_up_at < s.step_up_required_at) AS step_up_at,
      max(s.started_at) FILTER (WHERE s.ended_at IS NULL AND s.expires_at > ${now}) AS standing_since,
      max(s.started_at) FILTER (WHERE w.is_silent) AS silent_since, max(s.inactivity_timeout) FILTER (WHERE w.is_silent) AS silent_for,
      COALESCE(bool_or(s.end_reason NOT IN (${leavesClient}) AND s.ended_at >= b.signed_in_at), false) OR ${isCovered({ client: 's.client_id', at: 'b.signed_in_at', everyone: false })} AS is_ended
    FROM session s, LATERAL (
      SELECT LEAST(s.ended_at, s.expires_at) > b.signed_in_at AND CASE
        WHEN s.ended_at IS NULL THEN s.expires_at <= ${now} AND s.expires_at < s.absolute_deadline
        ELSE s.end_reason = 'inactivity_timeout' END AS is_silent
    ) w
    WHERE s.browser_session_uid = b.uid AND s.account_id = b.account_id GROUP BY s.client_id
  ) c
) came`;

/** The columns of `browser_session b`. */
export const ofBrowser = {
  account: 'b.account_id::text',
  at: 'b.signed_in_at',
} as const satisfies AuthorizationColumns;

/** The entries `n` that end what `browser_session b` signed in. */
export const againstBrowser = entriesAgainst(ofBrowser);

/** A condition on `browser_session b`: its sign-in has not ended, for itself or with everything of its account or of everyone. */
export const browserStands = `(b.ended_at IS NULL AND NOT ${isCovered(ofBrowser)})`;

/** Expressions for a browser, the moment and the client that asks, and where they come from if not from parameters. */
interface HeldBrowser {
  readonly uid: string;
  readonly now: string;
  readonly client: string;
  /** A list of rows whose columns the expressions name, and the column of it that is answered. */
  readonly of?: { readonly rows: string; readonly selected: string };
  /** Whether a browser that another transaction is changing is waited for, or left out. */
  readonly waits?: boolean;
}

/**
 * A query for the browser session of this uid, where it stands and may answer the client without proof: a code that was made while an end was
 * under way is asked what the authorization request would be asked after it. The session cannot end before the transaction has.
 */
export const holdBrowser = ({ uid, now, client, of, waits = true }: HeldBrowser): string => `
  SELECT ${of?.selected ?? 1} FROM ${of ? `${of.rows}, ` : ''}browser_session b, ${sessionsOfBrowser(now)}
  WHERE b.uid = ${uid} AND ${browserStands} AND NOT COALESCE(${client} = ANY(came.ended_clients), false)
  FOR KEY SHARE OF b${waits ? '' : ' SKIP LOCKED'}`;

/** The columns as the driver hands them over. */
export type BrowserSessionColumns = [
  signedInAt: number | null,
  lastActiveAt: number | null,
  inactivityTimeout: number | null,
  absoluteDeadline: number | null,
  sessionsActiveAt: number | null,
  stepUpRequiredAt: number | null,
  silentFor: number | null,
  endedClients: string[] | null,
];

/** A row of an older version has no limits of its own: only the policy in force bounds it. */
const unlimited = Number.MAX_SAFE_INTEGER;

const moment = (value: number) => instant(Math.round(value));

/** The sign-in of a browser as the domain speaks of it; null where nobody is signed in. */
export function readBrowserSession(row: BrowserSessionColumns): BrowserSession | null {
  const [provedAt, actedAt, inactivityTimeout, absoluteDeadline, activeAt, stepUpAt, silentFor, ended] = row;
  if (provedAt === null) return null;
  const absolute = moment(absoluteDeadline ?? unlimited);
  return {
    signedInAt: moment(provedAt),
    authenticatedAt: null,
    lastActiveAt: latest(moment(actedAt ?? provedAt), moment(activeAt ?? provedAt)),
    inactivityTimeout: seconds(inactivityTimeout ?? unlimited),
    absoluteDeadline: absolute,
    // The row's own deadline knows nothing of what the sessions did: silence is counted from the last activity alone.
    expiresAt: absolute,
    stepUpRequiredAt: stepUpAt === null ? null : moment(stepUpAt),
    silentFor: silentFor === null ? null : seconds(silentFor),
    endedClients: ended ?? [],
    ended: null,
  };
}
