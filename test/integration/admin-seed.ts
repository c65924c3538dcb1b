import type { Instant } from '@curfew/session-policy';
import type { TestDatabase } from '../support/database.js';

/** How many sessions tests of operators work on: a million by hand (CURFEW_SEARCHED_SESSIONS=1000000), fewer in every run. */
export const seededSessions = Number(process.env['CURFEW_SEARCHED_SESSIONS'] ?? 30_000);

/** One session every ten seconds, the last one at `now`; one in ten has ended, one in 5,000 by reuse. */
const seed = `
  INSERT INTO session (id, account_id, client_id, offline, resources, "authorization", baseline, signed_in_at, started_at,
    inactivity_timeout, absolute_deadline, check_after, ended_at, end_reason, last_active_at, expires_at, generation)
  SELECT
    (lpad(to_hex((extract(epoch FROM s.at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(i % 4096), 3, '0') || '8' || lpad(to_hex(i), 15, '0'))::uuid,
    ('00000000-0000-4000-8000-' || lpad(to_hex(i % ($1::int / 10)), 12, '0'))::uuid,
    CASE WHEN i % 1000 = 0 THEN 'rare' ELSE 'client-' || (i % 7) END, i % 2 = 0,
    CASE WHEN i % 3 = 0 THEN ARRAY['https://orders.example.test'] ELSE ARRAY[]::text[] END, '{"scope":"openid"}',
    jsonb_build_object('ip', '10.' || (i >> 16) % 256 || '.' || (i >> 8) % 256 || '.' || i % 256,
      'userAgentFamily', CASE WHEN i % 5000 = 1 THEN 'Lynx' WHEN i % 3 = 0 THEN 'Firefox' ELSE 'Chrome' END,
      'operatingSystem', CASE WHEN i % 2 = 0 THEN 'Linux' ELSE 'Android' END),
    s.at, s.at, 2592000, s.at + interval '400 days', s.at + interval '398 days',
    CASE WHEN i % 10 = 0 THEN s.at + interval '1 hour' END,
    CASE WHEN i % 5000 = 0 THEN 'refresh_token_reuse' WHEN i % 10 = 0 THEN 'logout' END,
    s.at + interval '1 minute', s.at + interval '399 days', i % 5
  FROM generate_series(1, $1::int) i, LATERAL (SELECT $2::timestamptz - ($1::int - i) * interval '10 seconds' AS at) s`;

/** Fills the table of sessions; nothing in it was ever signed in. */
export async function seedSessions(database: TestDatabase, now: Instant): Promise<void> {
  await database.query(seed, [seededSessions, new Date(now).toISOString()]);
  await database.query('ANALYZE session');
}
