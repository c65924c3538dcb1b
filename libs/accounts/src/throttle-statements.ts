import { commitColumns, type HotStatement, milliseconds, StatementValues } from '@curfew/persistence';
import { signInColumns } from './account-row.js';

const now = '$1::timestamptz';

/**
 * Counts each key of the rows, which are keys, 1, and the end of a window, against a limit: beyond it the counter stands still, and a window
 * that is over starts anew.
 */
export const countKeys = (rows: string, limit: string, at = now): string => `
    INSERT INTO throttle AS t (key, count, window_ends_at) ${rows}
    ON CONFLICT (key) DO UPDATE SET
      count = CASE WHEN t.window_ends_at <= ${at} THEN 1 ELSE LEAST(t.count + 1, ${limit}::int + 1) END,
      window_ends_at = CASE WHEN t.window_ends_at <= ${at} THEN EXCLUDED.window_ends_at ELSE t.window_ends_at END
    RETURNING t.count, ${milliseconds('t.window_ends_at')} AS ends`;

/** One attempt, counted by itself. */
export const takeStatement: HotStatement = {
  name: 'throttle_take',
  text: countKeys('VALUES ($2::text, 1, $3::timestamptz)', '$4'),
};

/**
 * The counters of one attempt to sign in, each counted only when the one before it was not full; which place and lane they are of is
 * found out on the way, and the account that is tried is read. All attempts, and all successes, lock place, network, lane and slow lane in this order.
 */
export const admitStatement: HotStatement = {
  name: 'throttle_admit',
  // The counter of the place is written in any case, also where it is full.
  place: 'in its rows',
  text: `
    WITH known AS (
      SELECT CASE WHEN bool_or(key = $3::text) THEN 2 WHEN count(*) > 0 THEN 1 ELSE 0 END AS how
      FROM throttle WHERE key = ANY($2::text[]) AND window_ends_at > ${now}
    ), place AS (
      ${countKeys('SELECT ($4::text[])[greatest(how, 1)], 1, $6::timestamptz FROM known', '$5')}
    ), network AS (
      ${countKeys('SELECT $7::text, 1, $9::timestamptz FROM place WHERE place.count <= $5::int', '$8')}
    ), lane AS (
      ${countKeys('SELECT ($10::text[])[how + 1], 1, $12::timestamptz FROM known, network WHERE network.count <= $8::int', '$11')}
    ), slow AS (
      ${countKeys('SELECT ($13::text[])[how + 1], 1, $15::timestamptz FROM known, lane WHERE lane.count > $11::int', '$14')}
    )
    SELECT known.how::int AS how, place.count AS place_count, place.ends AS place_ends, network.count AS network_count, network.ends AS network_ends,
      lane.count AS lane_count, lane.ends AS lane_ends, slow.count AS slow_count, slow.ends AS slow_ends,
      ${signInColumns('a')}, ${commitColumns()}
    FROM known LEFT JOIN place ON true LEFT JOIN network ON true LEFT JOIN lane ON true LEFT JOIN slow ON true
      LEFT JOIN account a ON a.username = $16::text`,
};

/** The throttle changes after a right password. They apply only while the account is unchanged since the comparison. */
export interface Settlement {
  readonly placeKey: string;
  readonly networkKey: string;
  readonly networkCount: number;
  readonly laneKey: string;
  readonly slowLaneKey: string;
  /** Under which it is remembered from where it came, and until when (ISO 8601). */
  readonly familiar: readonly string[];
  readonly familiarUntil: string;
  readonly username: string;
  readonly accountId: string;
  readonly passwordHash: string;
}

/** A place is remembered for so much longer than it must be, so that it is written once in that time and not at every sign-in. */
const remembersLonger = '1 day';

/** One step of a statement that writes, by its name. */
type Step = readonly [name: string, text: string];

/**
 * The steps of a settlement in a statement that may have others: each waits for the one before it, which keeps the order of the locks.
 * @param value where a value stands in the statement, with its type
 * @param ready what the first step waits for: the account must have been looked at (`settlementFits`) for it to be true
 */
export function settlementSteps(
  settlement: Settlement,
  value: (value: unknown, type: string) => string,
  ready: string,
): readonly Step[] {
  const { placeKey, networkKey, networkCount, laneKey, slowLaneKey, familiar, familiarUntil } = settlement;
  const after = (step: string) => `(SELECT count(*) FROM ${step}) >= 0 AND ${ready}`;
  const until = value(familiarUntil, 'timestamptz');
  const forgotten = (key: string) => `DELETE FROM throttle WHERE key = ${value(key, 'text')}`;
  return [
    ['place', `${forgotten(placeKey)} AND ${ready} RETURNING 1`],
    [
      'network',
      `UPDATE throttle SET count = LEAST(count, ${value(networkCount, 'int')}) - 1
       WHERE key = ${value(networkKey, 'text')} AND count > 0 AND ${after('place')} RETURNING 1`,
    ],
    ['lane', `${forgotten(laneKey)} AND ${after('network')} RETURNING 1`],
    ['slow', `${forgotten(slowLaneKey)} AND ${after('lane')} RETURNING 1`],
    [
      'marked',
      `INSERT INTO throttle (key, count, window_ends_at)
       SELECT f.key, 1, ${until} + interval '${remembersLonger}' FROM unnest(${value(familiar, 'text[]')}) AS f(key)
       WHERE ${after('slow')} AND NOT EXISTS (SELECT 1 FROM throttle k WHERE k.key = f.key AND k.window_ends_at >= ${until}) ORDER BY f.key
       ON CONFLICT (key) DO UPDATE SET window_ends_at = EXCLUDED.window_ends_at RETURNING 1`,
    ],
  ];
}

/**
 * Whether the account is still what the password was compared with.
 * @param signsIn whether it is signed in to by the same statement: nor may a new password or a second step have become due, which are asked
 *   for first
 */
export const settlementFits = (
  { username, accountId, passwordHash }: Settlement,
  value: (value: unknown, type: string) => string,
  signsIn = false,
): string => `EXISTS (SELECT 1 FROM account WHERE username = ${value(username, 'text')}
  AND id = ${value(accountId, 'uuid')} AND password_hash = ${value(passwordHash, 'text')} AND disabled_at IS NULL${signsIn ? dueNothing : ''})`;

const dueNothing = ` AND NOT must_change_password AND NOT (second_step_always AND second_factors <> '{}')`;

/** A settlement that is a commit of its own; the account is read once more in any case. */
export function settleStatement(settlement: Settlement): { statement: HotStatement; values: unknown[] } {
  const { all: values, value } = new StatementValues();
  const fits = `SELECT ${settlementFits(settlement, value)} AS ok`;
  const ready = '(SELECT ok FROM fits)';
  const steps = settlementSteps(settlement, value, ready);
  const text = `WITH fits AS (${fits}), ${steps.map(([name, step]) => `${name} AS (${step})`).join(', ')}
    SELECT ${signInColumns('a')} FROM account a WHERE a.username = ${value(settlement.username, 'text')}`;
  return { statement: { name: 'throttle_succeeded', text }, values };
}
