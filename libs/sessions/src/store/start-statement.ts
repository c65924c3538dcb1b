import { eventRows, insertEventsText, type NewEvent } from '@curfew/events';
import type { HotStatement } from '@curfew/persistence';
import type { EndReason, Instant } from '@curfew/session-policy';
import { sessionEvent } from '../session-events.js';
import { type BeforeRow, sessionBefore } from './session-before.js';
import { startColumns, startValues } from './session-columns.js';
import type { AcceptedStepUp, StoredSession } from './session-store.js';
import { type AuthorizationColumns, entriesAgainst } from './standing-statements.js';

const dayMs = 86_400_000;

const at = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`;

/** The parameters of every start, in the order of `startParameters`. */
const account = '$3::text';
const client = '$4::text';
const [signedIn, now, day] = [at('$5'), at('$6'), at('$7')];

/** The columns of a new session as SQL text. */
const writtenColumns = startColumns.map((name) => `"${name}"`).join(', ');

/** The entry that ends what is only being started: it has no row to compare with yet. */
export const entryAgainst = (of: Required<Omit<AuthorizationColumns, 'everyone'>>): string =>
  `SELECT n.reason ${entriesAgainst(of)} ORDER BY n.at LIMIT 1`;
const entry = entryAgainst({ account, client, at: signedIn });

/** Asks the same by itself: account, client, the instant of the authorization. */
export const entryStatement: HotStatement = {
  name: 'session_start_entry',
  text: entryAgainst({ account: '$1::text', client: '$2::text', at: at('$3') }),
};

/** Expressions for a step-up that a start stands for: its account, browser, client and instant, and the moment of the start. */
interface SteppedUp {
  readonly account: string;
  readonly client: string;
  readonly browser: string;
  readonly since: string;
  readonly now: string;
}

/** The sessions of the client in the browser that wait for the step-up that a start stands for (RFC 9470). */
export const waitingFor = ({
  account,
  client,
  browser,
  since,
  now: moment,
}: SteppedUp): string => `SELECT id FROM session
  WHERE browser_session_uid = ${browser} AND account_id = ${account}::uuid AND client_id = ${client} AND ended_at IS NULL AND expires_at > ${moment}
    AND step_up_required_at <= ${since} AND (stepped_up_at IS NULL OR stepped_up_at < step_up_required_at)`;
const waiting = waitingFor({ account, client, browser: '$8::text', since: at('$9'), now });

const before = sessionBefore({ account: `${account}::uuid`, client, at: now, day });

/**
 * Begins sessions from the rows of a query, with its condition. The statement has a step `before`; `itsOwn` is the condition under which one
 * of its rows `b` is about the row of a session.
 */
export const insertSessions = (rows: string, itsOwn = 'true'): string => `
  INSERT INTO session (${writtenColumns}, after_idle_cut)
  SELECT ${writtenColumns}, (SELECT true FROM before b WHERE ${itsOwn} AND b.cut_at IS NOT NULL) FROM ${rows} RETURNING 1`;

const started = insertSessions(
  'jsonb_populate_record(NULL::session, $1::jsonb) WHERE NOT EXISTS (SELECT 1 FROM entry)',
);

const told = insertEventsText('$2::jsonb', 'WHERE EXISTS (SELECT 1 FROM started)');

/**
 * Starts a session unless everything of its account, of its client or of everyone has been ended since it was authorized, and finds those
 * that wait for its step-up. For a transaction that has used the code up.
 */
export const startStatement: HotStatement = {
  name: 'session_start',
  text: `
    WITH entry AS MATERIALIZED (${entry}), before AS MATERIALIZED (${before}), started AS (${started}),
      told AS (${told}), waiting AS (${waiting} ORDER BY id FOR UPDATE)
    SELECT (SELECT reason FROM entry) AS ended_by, ARRAY(SELECT id::text FROM waiting) AS waiting, b.*
    FROM (SELECT 1) one LEFT JOIN before b ON true`,
};

/** The row of `startStatement`. */
export type StartRow = [endedBy: EndReason | null, waiting: string[], ...BeforeRow];

/** The event that tells of a new session. */
export function startedEvent(session: StoredSession): NewEvent {
  const { offline, resources, baseline: signals, startedAt } = session;
  return sessionEvent(session, 'session.started', { offline, resources, signals }, startedAt);
}

/** The beginning of the day of an instant, in milliseconds. */
export const dayOf = (moment: Instant): number => moment - (moment % dayMs);

/** The parameters of a start: the session, its event and the step-up that it stands for. */
export function startParameters(session: StoredSession, stepUp: AcceptedStepUp | undefined): unknown[] {
  const { accountId, clientId, signedInAt, startedAt } = session;
  return [
    startValues(session),
    eventRows([startedEvent(session)]),
    accountId,
    clientId,
    signedInAt,
    startedAt,
    dayOf(startedAt),
    stepUp?.browserSessionUid ?? null,
    stepUp?.authenticatedAt ?? null,
  ];
}
