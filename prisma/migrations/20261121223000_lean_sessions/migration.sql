-- What a session costs on disk, above all in its indexes (ADR 0023). Each step leaves every search its index.

-- Ids are UUIDv7, made when a session is authorized: a range of starts is a range of ids.
DROP INDEX "session_started_at_id_idx";

-- Only ever asked whether it is one browser's: four bytes of a hash in place of its whole name.
DROP INDEX "session_browser_session_uid_idx";
CREATE INDEX "session_browser_session_uid_idx" ON "session" USING HASH ("browser_session_uid");

-- An account has few sessions; without the id its equal entries become one, and sorting them takes no time.
DROP INDEX "session_account_id_id_idx";
CREATE INDEX "session_account_id_idx" ON "session" ("account_id");

-- New ids are the greatest. Ascending they are put at the end of their group and fill its pages, descending they split them.
DROP INDEX "session_client_id_id_idx";
CREATE INDEX "session_client_id_id_idx" ON "session" ("client_id", "id");
DROP INDEX "session_address_idx";
CREATE INDEX "session_address_idx" ON "session" (session_address("baseline"), "id");
DROP INDEX "session_end_reason_idx";
CREATE INDEX "session_end_reason_idx" ON "session" ("end_reason", "id") WHERE "ended_at" IS NOT NULL;
DROP INDEX "session_ended_id_idx";
CREATE INDEX "session_ended_id_idx" ON "session" ("id") WHERE "ended_at" IS NOT NULL;

-- Rows name the family and the system shortly now; those stored before keep the long names and their place in the index.
DROP INDEX "session_user_agent_idx";
CREATE OR REPLACE FUNCTION session_user_agent("baseline" jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT lower(left(coalesce("baseline" ->> 'ua', "baseline" ->> 'userAgentFamily', '') || ' '
    || coalesce("baseline" ->> 'os', "baseline" ->> 'operatingSystem', ''), 200))
$$;
CREATE INDEX "session_user_agent_idx" ON "session" (session_user_agent("baseline"), "id");

-- Rows are half of what they were, so a tenth of a page has room for the next versions of as many of them as a fifth had.
ALTER TABLE "session" SET (fillfactor = 90);
