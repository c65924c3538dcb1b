-- CreateTable
CREATE TABLE "delivery_receiver" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "address" TEXT,
    "client_id" TEXT,
    "event_types" TEXT[],
    "secrets" BYTEA[],
    "settings" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'enabled',
    "status_reason" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "delivery_receiver_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "delivery" (
    "id" BIGSERIAL NOT NULL,
    "receiver_id" TEXT NOT NULL,
    "event_id" UUID NOT NULL,
    "event_at" TIMESTAMPTZ(3) NOT NULL,
    "session_id" UUID,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "last_cause" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "dead_at" TIMESTAMPTZ(3),

    CONSTRAINT "delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "delivery_cursor" (
    "name" TEXT NOT NULL,
    "xid" xid8 NOT NULL,
    "event_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,

    CONSTRAINT "delivery_cursor_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "delivery_receiver_client_id_idx" ON "delivery_receiver"("client_id");

-- CreateIndex
CREATE UNIQUE INDEX "delivery_receiver_id_event_id_key" ON "delivery"("receiver_id", "event_id");

-- CreateIndex
CREATE INDEX "delivery_receiver_id_next_attempt_at_idx" ON "delivery"("receiver_id", "next_attempt_at");

-- CreateIndex
CREATE INDEX "delivery_receiver_id_session_id_id_idx" ON "delivery"("receiver_id", "session_id", "id");

-- AddForeignKey
ALTER TABLE "delivery" ADD CONSTRAINT "delivery_receiver_id_fkey" FOREIGN KEY ("receiver_id") REFERENCES "delivery_receiver"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What Prisma cannot say ----------------------------------------------------------------------------------------

ALTER TABLE "delivery_receiver" ADD CONSTRAINT "delivery_receiver_kind_is_known" CHECK ("kind" IN ('webhook', 'logout', 'set_push', 'set_poll'));
ALTER TABLE "delivery_receiver" ADD CONSTRAINT "delivery_receiver_status_is_known" CHECK ("status" IN ('enabled', 'paused', 'disabled'));
-- Rows come and go all day.
ALTER TABLE "delivery" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200);

-- Everything that commits from here on is handed on.
INSERT INTO "delivery_cursor" ("name", "xid", "event_id", "epoch")
  SELECT 'outbox', pg_snapshot_xmin(pg_current_snapshot()), '00000000-0000-0000-0000-000000000000', "epoch" FROM "service_state";

-- A client's logout address is kept beside the client, because a logout token must still go out when the end was the client's own
-- deletion (OpenID Connect Back-Channel Logout 1.0 §2.5).
CREATE FUNCTION client_logout_receiver() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW."metadata" ->> 'backchannel_logout_uri' IS NULL THEN
    DELETE FROM "delivery_receiver" WHERE "id" = 'logout:' || NEW."id";
  ELSE
    INSERT INTO "delivery_receiver" ("id", "kind", "name", "address", "client_id", "event_types", "secrets", "settings", "created_at", "updated_at")
    VALUES ('logout:' || NEW."id", 'logout', NEW."name", NEW."metadata" ->> 'backchannel_logout_uri', NEW."id", ARRAY['session.ended'], '{}',
      jsonb_build_object('alg', coalesce(NEW."metadata" ->> 'id_token_signed_response_alg', 'ES256')), NEW."created_at", NEW."updated_at")
    ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "address" = excluded."address", "settings" = excluded."settings",
      "updated_at" = excluded."updated_at", "version" = "delivery_receiver"."version" + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER "client_has_logout_receiver" AFTER INSERT OR UPDATE OF "metadata", "name" ON "client"
  FOR EACH ROW EXECUTE FUNCTION client_logout_receiver();
UPDATE "client" SET "name" = "name";
