-- Events are partitioned by month, appended only, and sealed into a chain. All of it is what Prisma cannot say.

-- The id of an event is a UUIDv7, which begins with its time: so months are ranges of ids, and the id alone stays unique.
CREATE FUNCTION curfew_first_id("at" timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (lpad(to_hex(greatest(0, floor(extract(epoch FROM "at") * 1000))::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- Partitions live beside the product's own tables, out of the way of who lists those.
CREATE SCHEMA IF NOT EXISTS "event_partition";

CREATE TABLE "event_by_month" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "type" TEXT NOT NULL,
    "session_id" UUID,
    "account_id" UUID,
    "client_id" TEXT,
    "data" JSONB NOT NULL,
    "xid" xid8 NOT NULL DEFAULT pg_current_xact_id()
) PARTITION BY RANGE ("id");
-- Takes what belongs to no month that has a partition: nothing is ever refused for want of one.
CREATE TABLE "event_partition"."event_other" PARTITION OF "event_by_month" DEFAULT;
INSERT INTO "event_by_month" ("id", "at", "type", "session_id", "account_id", "client_id", "data", "xid")
  SELECT "id", "at", "type", "session_id", "account_id", "client_id", "data", "xid" FROM "event";
DROP TABLE "event";
ALTER TABLE "event_by_month" RENAME TO "event";
ALTER TABLE "event" ADD CONSTRAINT "event_pkey" PRIMARY KEY ("id");
CREATE INDEX "event_session_id_id_idx" ON "event"("session_id", "id");
CREATE INDEX "event_account_id_id_idx" ON "event"("account_id", "id");
CREATE INDEX "event_client_id_id_idx" ON "event"("client_id", "id");
CREATE INDEX "event_type_id_idx" ON "event"("type", "id");
CREATE INDEX "event_at_idx" ON "event"("at");
CREATE INDEX "event_xid_id_idx" ON "event"("xid", "id");

-- Seals: each covers the next events in the order of their transactions and the seal before it.
CREATE TABLE "event_seal" (
    "number" BIGINT NOT NULL,
    "events" INTEGER NOT NULL,
    "first_id" UUID NOT NULL,
    "last_xid" xid8 NOT NULL,
    "last_id" UUID NOT NULL,
    "content" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "event_seal_pkey" PRIMARY KEY ("number")
);

-- Events whose id lies below have been given up by retention; one row each time.
CREATE TABLE "event_retention" (
    "before_id" UUID NOT NULL,
    "dropped_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "event_retention_pkey" PRIMARY KEY ("before_id")
);

-- What happened stays as it was written. Retention alone may give up the past, in the transaction that says so.
CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME LIKE 'event%' AND current_setting('curfew.retention', true) = pg_current_xact_id()::text THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'events are appended only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER "event_is_appended_only" BEFORE UPDATE OR DELETE ON "event" FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER "event_is_not_truncated" BEFORE TRUNCATE ON "event" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER "event_is_not_truncated" BEFORE TRUNCATE ON "event_partition"."event_other" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER "seal_is_appended_only" BEFORE UPDATE OR DELETE ON "event_seal" FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER "seal_is_not_truncated" BEFORE TRUNCATE ON "event_seal" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER "retention_is_appended_only" BEFORE UPDATE OR DELETE ON "event_retention" FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER "retention_is_not_truncated" BEFORE TRUNCATE ON "event_retention" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();

-- Makes the partitions of a month and those after it; says how many. A month the catch-all already holds events of goes without.
CREATE FUNCTION curfew_make_event_partitions("from" timestamptz, "months" integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE begins timestamptz; ends timestamptz; partition text; made integer := 0;
BEGIN
  -- One node at a time; the others need not wait for what is done already.
  IF NOT pg_try_advisory_xact_lock(hashtext('curfew event partitions')) THEN RETURN 0; END IF;
  FOR month IN 0 .. "months" - 1 LOOP
    begins := date_trunc('month', "from") + make_interval(months => month);
    ends := begins + interval '1 month';
    partition := 'event_' || to_char(begins, 'YYYY_MM');
    CONTINUE WHEN to_regclass('event_partition.' || partition) IS NOT NULL;
    CONTINUE WHEN EXISTS (SELECT 1 FROM event_partition.event_other WHERE id >= curfew_first_id(begins) AND id < curfew_first_id(ends));
    -- Made beside the table and then attached: that locks out nobody who reads or writes.
    EXECUTE format('CREATE TABLE event_partition.%I (LIKE event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
    EXECUTE format('ALTER TABLE event ATTACH PARTITION event_partition.%I FOR VALUES FROM (%L) TO (%L)', partition, curfew_first_id(begins), curfew_first_id(ends));
    EXECUTE format('CREATE TRIGGER event_is_not_truncated BEFORE TRUNCATE ON event_partition.%I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history()', partition);
    made := made + 1;
  END LOOP;
  RETURN made;
END $$;

-- Gives up whole months before an instant, and what the catch-all holds from before that; says how many partitions went.
CREATE FUNCTION curfew_drop_events_before("before" timestamptz, "now" timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE ends timestamptz := date_trunc('month', "before"); partition text; dropped integer := 0; others bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('curfew event partitions')) THEN RETURN 0; END IF;
  FOR partition IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'event'::regclass AND c.relname ~ '^event_\d{4}_\d{2}$' AND to_date(substr(c.relname, 7), 'YYYY_MM') < ends ORDER BY 1
  LOOP
    EXECUTE format('ALTER TABLE event DETACH PARTITION event_partition.%I', partition);
    EXECUTE format('DROP TABLE event_partition.%I', partition);
    dropped := dropped + 1;
  END LOOP;
  PERFORM set_config('curfew.retention', pg_current_xact_id()::text, true);
  DELETE FROM event_partition.event_other WHERE id < curfew_first_id(ends);
  GET DIAGNOSTICS others = ROW_COUNT;
  PERFORM set_config('curfew.retention', '', true);
  IF dropped > 0 OR others > 0 THEN
    INSERT INTO event_retention VALUES (curfew_first_id(ends), "now") ON CONFLICT DO NOTHING;
  END IF;
  RETURN dropped;
END $$;

-- An event as the chain sees it: everything that was recorded, in one form whatever the settings of a session.
CREATE FUNCTION curfew_event_text(e "event") RETURNS text LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_array(e."id", floor(extract(epoch FROM e."at") * 1000)::bigint, e."type", e."session_id", e."account_id", e."client_id", e."data", e."xid"::text)::text
$$;

-- Seals the next events, at most so many; says how many. In the order (xid, id) and below the oldest running transaction, so nothing
-- can appear among them later. One node at a time; the others go away at once.
CREATE FUNCTION curfew_seal_events("most" integer, "now" timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE last event_seal; content bytea; counted integer; first uuid; to_xid xid8; to_id uuid;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('curfew event seals')) THEN RETURN 0; END IF;
  SELECT * INTO last FROM event_seal ORDER BY number DESC LIMIT 1;
  SELECT sha256(convert_to(string_agg(curfew_event_text(e), E'\n' ORDER BY e.xid, e.id), 'UTF8')), count(*), (array_agg(e.id ORDER BY e.id))[1],
      (array_agg(e.xid ORDER BY e.xid DESC, e.id DESC))[1], (array_agg(e.id ORDER BY e.xid DESC, e.id DESC))[1]
    INTO content, counted, first, to_xid, to_id
    FROM (SELECT * FROM event e WHERE (e.xid, e.id) > (coalesce(last.last_xid, '0'::xid8), coalesce(last.last_id, '00000000-0000-0000-0000-000000000000'::uuid))
      AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY e.xid, e.id LIMIT "most") e;
  IF counted = 0 THEN RETURN 0; END IF;
  INSERT INTO event_seal VALUES (coalesce(last.number, 0) + 1, counted, first, to_xid, to_id, content, sha256(coalesce(last.hash, ''::bytea) || content), "now");
  RETURN counted;
END $$;

-- What does not fit; no row means that every event is as it was sealed. Of months given up by retention only the seals are left.
CREATE FUNCTION curfew_verify_event_chain() RETURNS TABLE ("seal" bigint, "problem" text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s event_seal; before event_seal; given_up uuid; content bytea; counted integer;
BEGIN
  SELECT max(r.before_id::text)::uuid INTO given_up FROM event_retention r;
  FOR s IN SELECT * FROM event_seal ORDER BY number LOOP
    IF s.number <> coalesce(before.number, 0) + 1 THEN RETURN QUERY SELECT s.number, 'a seal before it is missing'; END IF;
    IF s.hash <> sha256(coalesce(before.hash, ''::bytea) || s.content) THEN RETURN QUERY SELECT s.number, 'the seal does not follow from the one before it'; END IF;
    IF given_up IS NULL OR s.first_id >= given_up THEN
      SELECT sha256(convert_to(string_agg(curfew_event_text(e), E'\n' ORDER BY e.xid, e.id), 'UTF8')), count(*) INTO content, counted FROM event e
        WHERE (e.xid, e.id) > (coalesce(before.last_xid, '0'::xid8), coalesce(before.last_id, '00000000-0000-0000-0000-000000000000'::uuid)) AND (e.xid, e.id) <= (s.last_xid, s.last_id);
      IF counted <> s.events THEN RETURN QUERY SELECT s.number, format('%s events were sealed and there are %s', s.events, counted);
      ELSIF content IS DISTINCT FROM s.content THEN RETURN QUERY SELECT s.number, 'an event was changed'; END IF;
    END IF;
    before := s;
  END LOOP;
END $$;

SELECT curfew_make_event_partitions(now(), 4);
