-- A reader that remembers what it read belongs to one node at a time.
ALTER TABLE "delivery_cursor" ADD COLUMN "holder" UUID;
ALTER TABLE "delivery_cursor" ADD COLUMN "held_until" TIMESTAMPTZ(3);

INSERT INTO "delivery_cursor" ("name", "xid", "event_id", "epoch")
  SELECT 'watch', pg_snapshot_xmin(pg_current_snapshot()), '00000000-0000-0000-0000-000000000000', "epoch" FROM "service_state";
