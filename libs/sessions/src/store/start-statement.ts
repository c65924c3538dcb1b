import { eventRows, insertEventsText } from '@curfew/events';
import { commitColumns, type HotStatement } from '@curfew/persistence';
import type { EndReason } from '@curfew/session-policy';
import { holdBrowser } from '../browser-session-row.js';
import { sessionEvent } from '../session-events.js';
import { type BeforeRow, sessionBefore } from './session-before.js';
import { startColumns, startValues } from './session-columns.js';
import type { AcceptedStepUp, CodeKey, StoredSession } from './session-store.js';
import { type AuthorizationColumns, entriesAgainst } from './standing-statements.js';

const dayMs = 86_400_000;

/** Milliseconds as the driver writes them quickest. */
const at = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`;

/** The parameters of every start, in the order of `startParameters`. */
const account = '$3::text';
const client = '$4::text';
const [signedIn, now, day] = [at('$5'), at('$6'), at('$7')];
const columns = startColumns.map((name) => `"${name}"`).join(', ');

/** The entry that ends what is only being started: it has no row to compare with yet. */
const killerOf = (of: Required<Omit<AuthorizationColumns, 'everyone'>>): string =>
  `SELECT n.reason ${entriesAgainst(of)} ORDER BY n.at LIMIT 1`;
const killer = killerOf({ account, client, at: signedIn });

/** Asks the same by itself: account, client, the instant of the authorization. */
export const killerStatement: HotStatement = {
  name: 'session_start_killer',
  text: killerOf({ account: '$1::text', client: '$2::text', at: at('$3') }),
};

/** The sessions of the client in the browser that wait for the step-up that this start stands for (RFC 9470). */
const waiting = `SELECT id FROM session
  WHERE browser_session_uid = $8::text AND account_id = ${account}::uuid AND client_id = ${client} AND ended_at IS NULL AND expires_at > ${now}
    AND step_up_required_at <= ${at('$9')} AND (stepped_up_at IS NULL OR stepped_up_at < step_up_required_at)`;

const before = sessionBefore({ account: `${account}::uuid`, client, at: now, day });

const started = (condition: string): string => `INSERT INTO session (${columns}, after_idle_cut)
  SELECT ${columns}, (SELECT true FROM before WHERE cut_at IS NOT NULL) FROM jsonb_populate_record(NULL::session, $1::jsonb)
  WHERE ${condition} RETURNING 1`;

const told = insertEventsText('$2::jsonb', 'WHERE EXISTS (SELECT 1 FROM started)');

/**
 * Starts a session unless everything of its account, of its client or of everyone has been ended since it was authorized, and finds those
 * that wait for its step-up. For a transaction that has used the code up.
 */
export const startStatement: HotStatement = {
  name: 'session_start',
  text: `
    WITH killer AS MATERIALIZED (${killer}), before AS MATERIALIZED (${before}), started AS (${started('NOT EXISTS (SELECT 1 FROM killer)')}),
      told AS (${told}), waiting AS (${waiting} ORDER BY id FOR UPDATE)
    SELECT (SELECT reason FROM killer) AS killed_by, ARRAY(SELECT id::text FROM waiting) AS waiting, b.*
    FROM (SELECT 1) one LEFT JOIN before b ON true`,
};

/** The row of `startStatement`. */
export type StartRow = [killedBy: EndReason | null, waiting: string[], ...BeforeRow];

/**
 * Starts a session and uses its code up, both or neither, in one commit. It does so only where nothing has ended what was authorized, the
 * account is there, no session waits for the step-up, and the browser stands, which cannot end before this has committed. Of two that
 * redeem one code at once the second finds it used. The code is joined with a list, not asked about through a subquery: a row that another
 * transaction has just changed is looked at again, and that must not lead back into what stands before it.
 */
export const startFromCodeStatement: HotStatement = {
  name: 'session_start_from_code',
  place: 'in its rows',
  text: `
    WITH killer AS MATERIALIZED (${killer}), waiting AS MATERIALIZED (${waiting}),
      held AS MATERIALIZED (${holdBrowser({ uid: '$12::text', now, client })}),
      person AS MATERIALIZED (SELECT 1 FROM account WHERE id = ${account}::uuid AND disabled_at IS NULL),
      gate AS MATERIALIZED (
        SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM killer) AND NOT EXISTS (SELECT 1 FROM waiting) AND EXISTS (SELECT 1 FROM person)
          AND ($12::text IS NULL OR EXISTS (SELECT 1 FROM held))
      ), consumed AS (
        UPDATE protocol_artifact a SET consumed_at = ${now} FROM gate
        WHERE a.kind = $10 AND a.id_hash = $11 AND a.consumed_at IS NULL AND a.expires_at > ${now} RETURNING 1
      ), before AS MATERIALIZED (${before}), started AS (${started('EXISTS (SELECT 1 FROM consumed)')}), told AS (${told})
    SELECT (SELECT reason FROM killer) AS killed_by, EXISTS (SELECT 1 FROM waiting) AS waits, EXISTS (SELECT 1 FROM person) AS has_account,
      $12::text IS NULL OR EXISTS (SELECT 1 FROM held) AS signed_in, EXISTS (SELECT 1 FROM consumed) AS is_consumed,
      b.last_active_at, b.cut_at, b.cut_timeout, b.same_day, b.had_cut, b.shadow_end, ${commitColumns}
    FROM (SELECT 1) one LEFT JOIN before b ON true`,
};

/** The row of `startFromCodeStatement`. */
export type StartFromCodeRow = [
  killedBy: EndReason | null,
  waits: boolean,
  hasAccount: boolean,
  isSignedIn: boolean,
  isConsumed: boolean,
  ...BeforeRow,
];

/** What a start is told of the session, of its event and of the step-up it stands for. */
export function startParameters(session: StoredSession, stepUp: AcceptedStepUp | undefined): unknown[] {
  const { accountId, clientId, offline, resources, baseline: signals, signedInAt, startedAt } = session;
  const event = sessionEvent(session, 'session.started', { offline, resources, signals }, startedAt);
  return [
    startValues(session),
    eventRows([event]),
    accountId,
    clientId,
    signedInAt,
    startedAt,
    startedAt - (startedAt % dayMs),
    stepUp?.browserSessionUid ?? null,
    stepUp?.authenticatedAt ?? null,
  ];
}

/** What `startFromCodeStatement` is told besides. */
export const codeParameters = (
  { kind, idHash }: CodeKey,
  { browserSessionUid }: StoredSession,
): unknown[] => [kind, idHash, browserSessionUid];
