-- What ends access without being an event of its own gets a position in the session feed, too: the writing transaction.
ALTER TABLE "revoked_token" ADD COLUMN "xid" xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE "not_before" ADD COLUMN "xid" xid8 NOT NULL DEFAULT pg_current_xact_id();

-- CreateIndex
CREATE INDEX "revoked_token_xid_idx" ON "revoked_token"("xid");

-- CreateIndex
CREATE INDEX "not_before_xid_idx" ON "not_before"("xid");

-- A not-before that moves is a new end, whoever moves it.
CREATE FUNCTION not_before_position() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW."at" IS DISTINCT FROM OLD."at" THEN NEW."xid" := pg_current_xact_id(); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "not_before_moves" BEFORE UPDATE ON "not_before" FOR EACH ROW EXECUTE FUNCTION not_before_position();

-- Nodes that serve the feed, and what each of their followers has confirmed; a row whose node has gone is stale within seconds.
CREATE TABLE "feed_node" (
    "id" UUID NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "followers" JSONB NOT NULL,

    CONSTRAINT "feed_node_pkey" PRIMARY KEY ("id")
);

-- A single token that is revoked is announced like every other end.
CREATE FUNCTION announce_revoked_token() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_notify('curfew_ends', 'token:' || encode(NEW."token_hash", 'hex'));
  RETURN NULL;
END $$;
CREATE TRIGGER "revoked_token_announced" AFTER INSERT ON "revoked_token" FOR EACH ROW EXECUTE FUNCTION announce_revoked_token();
