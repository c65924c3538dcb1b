-- A browser's sign-in has limits, an activity and an end of its own, as a session has (ADR 0036). Rows that an older version writes leave
-- these columns empty: they are judged by the policy of everyone alone, from the instant of the sign-in.
ALTER TABLE "browser_session"
    ADD COLUMN "last_active_at" TIMESTAMPTZ(3),
    ADD COLUMN "inactivity_timeout" INTEGER,
    ADD COLUMN "absolute_deadline" TIMESTAMPTZ(3),
    ADD COLUMN "baseline" JSONB,
    ADD COLUMN "ended_at" TIMESTAMPTZ(3),
    ADD COLUMN "end_reason" TEXT,
    ADD COLUMN "end_detail" JSONB;

-- When the person proved who they are, where that was before the session was authorized: its absolute lifetime counts from there.
ALTER TABLE "session" ADD COLUMN "authenticated_at" TIMESTAMPTZ(3);

CREATE OR REPLACE FUNCTION assert_invariants() RETURNS TABLE (violation text, subject text) LANGUAGE sql STABLE AS $$
  SELECT 'two sessions share a live refresh token', string_agg("id"::text, ' ')
    FROM "session" WHERE "token_hash" IS NOT NULL GROUP BY "token_hash" HAVING count(*) > 1
  UNION ALL
  SELECT 'an ended session without exactly one event of its end', s."id"::text
    FROM "session" s LEFT JOIN "event" e ON e."session_id" = s."id" AND e."type" = 'session.ended'
    WHERE s."ended_at" IS NOT NULL GROUP BY s."id" HAVING count(e."id") <> 1
  UNION ALL
  SELECT 'an event of an end for a session that lives', s."id"::text
    FROM "session" s JOIN "event" e ON e."session_id" = s."id" AND e."type" = 'session.ended' WHERE s."ended_at" IS NULL
  UNION ALL
  SELECT 'event and row disagree about the reason of an end', s."id"::text
    FROM "session" s JOIN "event" e ON e."session_id" = s."id" AND e."type" = 'session.ended'
    WHERE e."data" ->> 'reason' IS DISTINCT FROM s."end_reason"
  UNION ALL
  SELECT 'a session active after it expired', s."id"::text FROM "session" s WHERE s."last_active_at" > s."absolute_deadline"
  UNION ALL
  SELECT 'a session authorized before its person proved who they are', s."id"::text
    FROM "session" s WHERE s."authenticated_at" > s."signed_in_at"
  UNION ALL
  SELECT 'an ended browser session without exactly one event of its end', b."uid"
    FROM "browser_session" b LEFT JOIN "event" e
      ON e."type" = 'signin.ended' AND e."account_id" = b."account_id" AND e."data" ->> 'browserSessionUid' = b."uid"
    WHERE b."ended_at" IS NOT NULL GROUP BY b."uid"
    HAVING count(e."id") <> 1 OR min(e."data" ->> 'reason') IS DISTINCT FROM min(b."end_reason")
  UNION ALL
  SELECT 'an ended browser session that could still be opened', b."uid"
    FROM "browser_session" b WHERE b."ended_at" IS NOT NULL AND length(b."payload") > 0
  UNION ALL
  SELECT 'a session that lives though its browser session was ended', s."id"::text
    FROM "session" s JOIN "browser_session" b ON b."uid" = s."browser_session_uid"
    WHERE s."ended_at" IS NULL AND NOT s."offline" AND b."ended_at" IS NOT NULL
      AND b."end_reason" NOT IN ('inactivity_timeout', 'absolute_lifetime')
      AND NOT EXISTS (SELECT 1 FROM "not_before" n WHERE n."at" >= s."signed_in_at"
        AND (n."kind", n."target") IN (('account', s."account_id"::text), ('client', s."client_id"), ('everyone', '')))
  UNION ALL
  SELECT 'a client with more than two active secrets', c."client_id"
    FROM "client_secret" c WHERE c."expires_at" IS NULL GROUP BY c."client_id" HAVING count(*) > 2
$$;
