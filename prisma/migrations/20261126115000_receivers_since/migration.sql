-- A receiver is told of what was not committed yet when it was registered, and of nothing before (ADR 58). Null: of everything that is
-- not handed on yet, as receivers were told until now. The default comes after the column, because rows that exist keep what they are owed.
ALTER TABLE "delivery_receiver" ADD COLUMN "since" pg_snapshot;
ALTER TABLE "delivery_receiver" ALTER COLUMN "since" SET DEFAULT pg_current_snapshot();

-- As before; snapshots of the database that was lost mean nothing in this one.
CREATE OR REPLACE FUNCTION curfew_begin_era("next" integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  EXECUTE format('ALTER TABLE event ALTER COLUMN era SET DEFAULT %s', "next");
  EXECUTE format('ALTER TABLE event_count ALTER COLUMN era SET DEFAULT %s', "next");
  UPDATE service_state SET era = "next" WHERE id = 1;
  UPDATE revoked_token SET xid = '0'::xid8;
  UPDATE not_before SET xid = '0'::xid8;
  UPDATE delivery_receiver SET since = NULL;
END $$;
