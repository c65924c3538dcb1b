import type { HotStatement } from '@curfew/persistence';
import { signInColumns } from './account-row.js';

/** One count: beyond the limit the counter stands still, and a window that is over starts anew. */
const counted = (now: string, limit: string): string => `
    ON CONFLICT (key) DO UPDATE SET
      count = CASE WHEN t.window_ends_at <= ${now} THEN 1 ELSE LEAST(t.count + 1, ${limit}::int + 1) END,
      window_ends_at = CASE WHEN t.window_ends_at <= ${now} THEN EXCLUDED.window_ends_at ELSE t.window_ends_at END
    RETURNING t.count, (extract(epoch FROM t.window_ends_at) * 1000)::float8 AS ends`;

const now = '$1::timestamptz';

/**
 * The counters of one attempt to sign in, each counted only when the one before it was not full; which place and lane they are of is
 * found out on the way, and the account that is tried is read. All attempts, and all successes, lock place, network, lane and slow lane in this order.
 */
export const admitStatement: HotStatement = {
  name: 'throttle_admit',
  text: `
    WITH known AS (
      SELECT CASE WHEN bool_or(key = $3::text) THEN 2 WHEN count(*) > 0 THEN 1 ELSE 0 END AS how
      FROM throttle WHERE key = ANY($2::text[]) AND window_ends_at > ${now}
    ), place AS (
      INSERT INTO throttle AS t (key, count, window_ends_at)
      SELECT ($4::text[])[greatest(how, 1)], 1, $6::timestamptz FROM known ${counted(now, '$5')}
    ), network AS (
      INSERT INTO throttle AS t (key, count, window_ends_at)
      SELECT $7::text, 1, $9::timestamptz FROM place WHERE place.count <= $5::int ${counted(now, '$8')}
    ), lane AS (
      INSERT INTO throttle AS t (key, count, window_ends_at)
      SELECT ($10::text[])[how + 1], 1, $12::timestamptz FROM known, network WHERE network.count <= $8::int ${counted(now, '$11')}
    ), slow AS (
      INSERT INTO throttle AS t (key, count, window_ends_at)
      SELECT ($13::text[])[how + 1], 1, $15::timestamptz FROM known, lane WHERE lane.count > $11::int ${counted(now, '$14')}
    )
    SELECT known.how::int AS how, place.count AS place_count, place.ends AS place_ends, network.count AS network_count, network.ends AS network_ends,
      lane.count AS lane_count, lane.ends AS lane_ends, slow.count AS slow_count, slow.ends AS slow_ends,
      ${signInColumns('a')}
    FROM known LEFT JOIN place ON true LEFT JOIN network ON true LEFT JOIN lane ON true LEFT JOIN slow ON true
      LEFT JOIN account a ON a.username = $16::text`,
};

/**
 * What a success forgets, gives back and remembers, if the account is still what its password was compared with; it is read once more in
 * any case. Each step waits for the one before it, which keeps the order of the locks.
 */
export const succeededStatement: HotStatement = {
  name: 'throttle_succeeded',
  text: `
    WITH found AS (
      SELECT ${signInColumns('a')} FROM account a WHERE a.username = $8::text
    ), fits AS (
      SELECT EXISTS (SELECT 1 FROM found WHERE id = $9::text AND password_hash = $10::text AND disabled_at IS NULL) AS ok
    ), place AS (
      DELETE FROM throttle WHERE key = $1::text AND (SELECT ok FROM fits) RETURNING 1
    ), network AS (
      UPDATE throttle SET count = LEAST(count, $3::int) - 1
      WHERE key = $2::text AND count > 0 AND (SELECT count(*) FROM place) >= 0 AND (SELECT ok FROM fits) RETURNING 1
    ), lane AS (
      DELETE FROM throttle WHERE key = $4::text AND (SELECT count(*) FROM network) >= 0 AND (SELECT ok FROM fits) RETURNING 1
    ), slow AS (
      DELETE FROM throttle WHERE key = $5::text AND (SELECT count(*) FROM lane) >= 0 AND (SELECT ok FROM fits) RETURNING 1
    ), marked AS (
      INSERT INTO throttle (key, count, window_ends_at)
      SELECT f.key, 1, $7::timestamptz FROM unnest($6::text[]) AS f(key)
      WHERE (SELECT count(*) FROM slow) >= 0 AND (SELECT ok FROM fits) ORDER BY f.key
      ON CONFLICT (key) DO UPDATE SET window_ends_at = EXCLUDED.window_ends_at
    )
    SELECT * FROM found`,
};
