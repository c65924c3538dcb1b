-- Counts of what anybody can cause, or of everyday use: rows that cover a minute at most, with a retention of their own. They are no
-- part of the sealed history, so a flood makes it neither longer nor slower to check (ADR 49). No count is about one session.
CREATE TABLE "event_count" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "type" TEXT NOT NULL,
    "account_id" UUID,
    "client_id" TEXT,
    "data" JSONB NOT NULL,
    "xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "era" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "event_count_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "event_count_account_id_id_idx" ON "event_count" ("account_id", "id");
CREATE INDEX "event_count_client_id_id_idx" ON "event_count" ("client_id", "id");
CREATE INDEX "event_count_type_id_idx" ON "event_count" ("type", "id");
CREATE INDEX "event_count_at_idx" ON "event_count" ("at");
CREATE INDEX "event_count_xid_id_idx" ON "event_count" ("xid", "id");

-- Everything that is told to somebody: the sealed events, and the counts beside them. Both are appended only, so the cursor of a reader
-- over (xid, id) misses neither.
CREATE VIEW "any_event" AS
  SELECT "id", "at", "type", "session_id", "account_id", "client_id", "data", "xid", "era" FROM "event"
  UNION ALL
  SELECT "id", "at", "type", NULL::uuid, "account_id", "client_id", "data", "xid", "era" FROM "event_count";

-- The present era holds for counts, too: this database may have been restored before.
DO $$ BEGIN
  EXECUTE format('ALTER TABLE event_count ALTER COLUMN era SET DEFAULT %s', (SELECT coalesce(max(era), 0) FROM service_state));
END $$;

-- As before, for counts as well.
CREATE OR REPLACE FUNCTION curfew_begin_era("next" integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  EXECUTE format('ALTER TABLE event ALTER COLUMN era SET DEFAULT %s', "next");
  EXECUTE format('ALTER TABLE event_count ALTER COLUMN era SET DEFAULT %s', "next");
  UPDATE service_state SET era = "next" WHERE id = 1;
  UPDATE revoked_token SET xid = '0'::xid8;
  UPDATE not_before SET xid = '0'::xid8;
END $$;
