import { eventRows, insertEventsText } from '@curfew/events';
import type { SessionBefore } from '@curfew/insight';
import { commitColumns, type HotStatement, retrying, type Statements } from '@curfew/persistence';
import type { EndReason } from '@curfew/session-policy';
import { holdBrowser } from '../browser-session-row.js';
import { type BeforeRow, readBefore, sessionBefore } from './session-before.js';
import { startValues } from './session-columns.js';
import {
  type AcceptedStepUp,
  AccountGone,
  AuthorizationEnded,
  type CodeKey,
  CodeUsed,
  type StoredSession,
} from './session-store.js';
import { dayOf, entryAgainst, insertSessions, startedEvent, waitingFor } from './start-statement.js';

/** A session that begins with the use of its code, and the step-up that it stands for. */
export interface CodeStart {
  readonly session: StoredSession;
  readonly code: CodeKey;
  readonly stepUp: AcceptedStepUp | undefined;
}

const at = (column: string): string => `to_timestamp(u.${column} / 1000) AS ${column}`;

/** The rows of a statement of starts: whose session begins, when, for which step-up, with which code and in which browser. */
const asked = `
  SELECT u.session, u.account, u.client, ${at('signed_in')}, ${at('now')}, ${at('day')}, u.stepped_up_in, ${at('stepped_up')}, u.kind, u.id_hash, u.browser
  FROM unnest($3::uuid[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::float8[], $9::text[], $10::float8[], $11::text[], $12::bytea[], $13::text[])
    AS u(session, account, client, signed_in, now, day, stepped_up_in, stepped_up, kind, id_hash, browser)`;
const [account, client, now] = ['asked.account', 'asked.client', 'asked.now'];
const entry = entryAgainst({ account, client, at: 'asked.signed_in' });
const waiting = waitingFor({
  account,
  client,
  browser: 'asked.stepped_up_in',
  since: 'asked.stepped_up',
  now,
});
const before = sessionBefore({ account: 'asked.account::uuid', client, at: now, day: 'asked.day' });
const started = insertSessions(
  'jsonb_populate_recordset(NULL::session, $1::jsonb) r WHERE r.id IN (SELECT session FROM consumed)',
  'b.session = r.id',
);

/**
 * Starts sessions and uses their codes up, in one commit, each with its code or neither. A session starts only where nothing has ended what
 * was authorized, the account is there, no session waits for the step-up, and the browser stands, which cannot end before this has
 * committed. If two redeem one code at once, the second finds it used. The codes are joined with a list, not asked about through a
 * subquery: a row that another transaction has just changed is looked at again, and that must not lead back into what stands before it.
 * @param waits whether browsers that another transaction is changing are waited for; else their sessions do not start
 */
const startText = (waits: boolean): string => `
  WITH asked AS MATERIALIZED (${asked}), judged AS MATERIALIZED (
      SELECT asked.*, (${entry}) AS ended_by, EXISTS (${waiting}) AS waits,
        EXISTS (SELECT 1 FROM account WHERE id = asked.account::uuid AND disabled_at IS NULL) AS has_account
      FROM asked
    ), held AS MATERIALIZED (
      ${holdBrowser({ uid: 'asked.browser', now, client, of: { rows: 'asked', selected: 'asked.session' }, waits })}
    ), gate AS MATERIALIZED (
      SELECT j.session, j.kind, j.id_hash, j.now FROM judged j
      WHERE j.ended_by IS NULL AND NOT j.waits AND j.has_account AND (j.browser IS NULL OR j.session IN (SELECT session FROM held))
    ), consumed AS (
      UPDATE protocol_artifact a SET consumed_at = g.now FROM gate g
      WHERE a.kind = g.kind AND a.id_hash = g.id_hash AND a.consumed_at IS NULL AND a.expires_at > g.now RETURNING g.session
    ), before AS MATERIALIZED (
      SELECT asked.session, b.* FROM asked CROSS JOIN LATERAL (${before}) b
    ), started AS (${started}
    ), told AS (${insertEventsText('$2::jsonb', 'WHERE e.session_id IN (SELECT session FROM consumed)')})
  SELECT j.session::text, j.ended_by, j.waits, j.has_account, j.browser IS NULL OR EXISTS (SELECT 1 FROM held h WHERE h.session = j.session),
    EXISTS (SELECT 1 FROM consumed c WHERE c.session = j.session), b.last_active_at, b.cut_at, b.cut_timeout, b.same_day, b.had_cut, b.shadow_end,
    ${commitColumns('EXISTS (SELECT 1 FROM started)')}
  FROM judged j LEFT JOIN before b ON b.session = j.session`;

/** Starts that come together. None waits for a browser, which would make all the others wait. */
const startsTogether: HotStatement = {
  name: 'session_start_from_codes',
  place: 'in its rows',
  text: startText(false),
};

/** A start that waits for its browser, so that it can tell what became of that. */
const startAlone: HotStatement = {
  name: 'session_start_from_code',
  place: 'in its rows',
  text: startText(true),
};

/** The outcome of a start. */
export type StartedFromCode = [
  session: string,
  endedBy: EndReason | null,
  waits: boolean,
  hasAccount: boolean,
  isSignedIn: boolean,
  isConsumed: boolean,
  ...before: BeforeRow,
];

/**
 * Starts these sessions with one statement, which is one commit. Undefined for those about which it cannot tell, because another transaction
 * is changing their browser, or because the same code comes twice: `startWaiting` can.
 */
export async function startFromCodes(
  statements: Statements,
  starts: readonly CodeStart[],
): Promise<readonly (StartedFromCode | undefined)[]> {
  const each = new Map(starts.map((start) => [start.session.id as string, start]));
  // Sorted by code, so that two statements with the same codes lock them in one order.
  const sorted = [...each.values()].sort((a, b) => Buffer.compare(a.code.idHash, b.code.idHash));
  const rows = await retrying(() => statements.run<StartedFromCode>(startsTogether, valuesOf(sorted)));
  const known = new Map(rows.flatMap((row) => (row[4] ? [[row[0], row]] : [])));
  return starts.map((start) =>
    each.get(start.session.id) === start ? known.get(start.session.id) : undefined,
  );
}

/** Starts a session, and waits for its browser where another transaction is changing that. */
export async function startWaiting(statements: Statements, start: CodeStart): Promise<StartedFromCode> {
  const [row] = await retrying(() => statements.run<StartedFromCode>(startAlone, valuesOf([start])));
  return row!;
}

/**
 * The session before the one that was started; undefined, with nothing done, where a session waits for the step-up.
 * @throws AuthorizationEnded, AccountGone, CodeUsed; then nothing happened
 */
export function beforeStart(row: StartedFromCode): SessionBefore | undefined {
  const [, endedBy, waits, hasAccount, isSignedIn, isConsumed, ...rest] = row;
  if (endedBy) throw new AuthorizationEnded(endedBy);
  if (!hasAccount) throw new AccountGone();
  if (!isSignedIn) throw new AuthorizationEnded('logout');
  if (waits) return undefined;
  if (!isConsumed) throw new CodeUsed();
  return readBefore(rest.slice(0, 6) as BeforeRow);
}

const valuesOf = (starts: readonly CodeStart[]): unknown[] => [
  `[${starts.map(({ session }) => startValues(session)).join()}]`,
  eventRows(starts.map(({ session }) => startedEvent(session))),
  starts.map(({ session }) => session.id),
  starts.map(({ session }) => session.accountId),
  starts.map(({ session }) => session.clientId),
  starts.map(({ session }) => session.signedInAt),
  starts.map(({ session }) => session.startedAt),
  starts.map(({ session }) => dayOf(session.startedAt)),
  starts.map(({ stepUp }) => stepUp?.browserSessionUid ?? null),
  starts.map(({ stepUp }) => stepUp?.authenticatedAt ?? null),
  starts.map(({ code }) => code.kind),
  starts.map(({ code }) => code.idHash),
  starts.map(({ session }) => session.browserSessionUid),
];
