-- Transactions of another cluster count differently. What came with a logical backup keeps its transaction ids, which may be ahead of
-- everything this cluster will write for a long time: so events belong to an era, and only those of the present one have a place in the
-- feed. The step that follows a restore begins the next era.
ALTER TABLE "event" ADD COLUMN "era" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "event_seal" ADD COLUMN "era" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "service_state" ADD COLUMN "era" INTEGER NOT NULL DEFAULT 0;

-- Begins an era: what is recorded from here on belongs to it, and what is there already has no place in the feed any more.
CREATE FUNCTION curfew_begin_era("next" integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  EXECUTE format('ALTER TABLE event ALTER COLUMN era SET DEFAULT %s', "next");
  UPDATE service_state SET era = "next" WHERE id = 1;
  UPDATE revoked_token SET xid = '0'::xid8;
  UPDATE not_before SET xid = '0'::xid8;
END $$;

-- As before, era by era: what is left of the one of the last seal comes first. Nothing is added to an era that is over, so all of it is settled.
CREATE OR REPLACE FUNCTION curfew_seal_events("most" integer, "now" timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE last event_seal; present integer; sealing integer; after_xid xid8; after_id uuid; content bytea; counted integer; first uuid; to_xid xid8; to_id uuid;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('curfew event seals')) THEN RETURN 0; END IF;
  SELECT s.era INTO present FROM service_state s WHERE s.id = 1;
  SELECT * INTO last FROM event_seal ORDER BY number DESC LIMIT 1;
  sealing := coalesce(last.era, 0);
  LOOP
    after_xid := CASE WHEN last.era = sealing THEN last.last_xid ELSE '0'::xid8 END;
    after_id := CASE WHEN last.era = sealing THEN last.last_id ELSE '00000000-0000-0000-0000-000000000000'::uuid END;
    SELECT sha256(convert_to(string_agg(curfew_event_text(e), E'\n' ORDER BY e.xid, e.id), 'UTF8')), count(*), (array_agg(e.id ORDER BY e.id))[1],
        (array_agg(e.xid ORDER BY e.xid DESC, e.id DESC))[1], (array_agg(e.id ORDER BY e.xid DESC, e.id DESC))[1]
      INTO content, counted, first, to_xid, to_id
      FROM (SELECT * FROM event e WHERE (e.xid, e.id) > (after_xid, after_id) AND e.era = sealing
        AND (sealing < present OR e.xid < pg_snapshot_xmin(pg_current_snapshot())) ORDER BY e.xid, e.id LIMIT "most") e;
    EXIT WHEN counted > 0 OR sealing >= present;
    sealing := sealing + 1;
  END LOOP;
  IF counted = 0 THEN RETURN 0; END IF;
  INSERT INTO event_seal (number, events, first_id, last_xid, last_id, content, hash, sealed_at, era)
    VALUES (coalesce(last.number, 0) + 1, counted, first, to_xid, to_id, content, sha256(coalesce(last.hash, ''::bytea) || content), "now", sealing);
  RETURN counted;
END $$;

-- What does not fit in a range of the chain, bounded in seals and in time; the last row has no problem and says how far it came and
-- through how many events. Of months given up by retention only the seals are left.
CREATE FUNCTION curfew_verify_event_seals("from" bigint, "most" integer, "within" interval) RETURNS TABLE ("seal" bigint, "problem" text, "events" bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s event_seal; before event_seal; given_up uuid; content bytea; counted integer; checked bigint := 0; started timestamptz := clock_timestamp();
BEGIN
  SELECT max(r.before_id::text)::uuid INTO given_up FROM event_retention r;
  SELECT * INTO before FROM event_seal WHERE number = "from" - 1;
  FOR s IN SELECT * FROM event_seal WHERE number >= "from" ORDER BY number LIMIT "most" LOOP
    IF s.number <> coalesce(before.number, 0) + 1 THEN RETURN QUERY SELECT s.number, 'a seal before it is missing', NULL::bigint; END IF;
    IF s.hash <> sha256(coalesce(before.hash, ''::bytea) || s.content) THEN RETURN QUERY SELECT s.number, 'the seal does not follow from the one before it', NULL::bigint; END IF;
    IF before.era < s.era AND EXISTS (SELECT 1 FROM event e WHERE (e.xid, e.id) > (before.last_xid, before.last_id) AND e.era = before.era) THEN
      RETURN QUERY SELECT s.number, 'an event was added to an era that is over', NULL::bigint; END IF;
    IF given_up IS NULL OR s.first_id >= given_up THEN
      SELECT sha256(convert_to(string_agg(curfew_event_text(e), E'\n' ORDER BY e.xid, e.id), 'UTF8')), count(*) INTO content, counted FROM event e
        WHERE (e.xid, e.id) > (CASE WHEN before.era = s.era THEN before.last_xid ELSE '0'::xid8 END,
            CASE WHEN before.era = s.era THEN before.last_id ELSE '00000000-0000-0000-0000-000000000000'::uuid END)
          AND (e.xid, e.id) <= (s.last_xid, s.last_id) AND e.era = s.era;
      IF counted <> s.events THEN RETURN QUERY SELECT s.number, format('%s events were sealed and there are %s', s.events, counted), NULL::bigint;
      ELSIF content IS DISTINCT FROM s.content THEN RETURN QUERY SELECT s.number, 'an event was changed', NULL::bigint; END IF;
    END IF;
    before := s;
    checked := checked + s.events;
    EXIT WHEN clock_timestamp() > started + "within";
  END LOOP;
  IF before.number >= "from" THEN RETURN QUERY SELECT before.number, NULL::text, checked; END IF;
END $$;

-- What does not fit anywhere; no row means that every event is as it was sealed.
CREATE OR REPLACE FUNCTION curfew_verify_event_chain() RETURNS TABLE ("seal" bigint, "problem" text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT v.seal, v.problem FROM curfew_verify_event_seals(1, 2147483647, interval '100 years') v WHERE v.problem IS NOT NULL
$$;
