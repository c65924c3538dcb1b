/** Writes so many events ($1): ends of sessions and refused requests by turns, as they are told of. */
export const eventsByTurns = `
  INSERT INTO event (id, at, type, session_id, data)
  SELECT gen_random_uuid(), clock_timestamp(), CASE n % 2 WHEN 0 THEN 'session.ended' ELSE 'request.refused' END,
    CASE n % 2 WHEN 0 THEN gen_random_uuid() END,
    CASE n % 2 WHEN 0 THEN '{"reason":"inactivity_timeout"}'::jsonb ELSE '{"cause":"token_unknown"}'::jsonb END
  FROM generate_series(1, $1::int) n`;
