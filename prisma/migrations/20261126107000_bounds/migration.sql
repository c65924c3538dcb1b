-- Entries that are settled are found by when, so that those that end nothing any more can go.
CREATE INDEX "not_before_settled_at_idx" ON "not_before" ("settled_at");

-- Seals of events that retention has given up go, at most so many at a time; says how many. The last of them stays: the chain begins there.
CREATE FUNCTION curfew_drop_seals("max" integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE given_up uuid; first_kept bigint; dropped integer;
BEGIN
  SELECT max(r.before_id::text)::uuid INTO given_up FROM event_retention r;
  IF given_up IS NULL THEN RETURN 0; END IF;
  SELECT s.number - 1 INTO first_kept FROM event_seal s WHERE s.first_id >= given_up ORDER BY s.number LIMIT 1;
  first_kept := coalesce(first_kept, (SELECT max(s.number) FROM event_seal s));
  PERFORM set_config('curfew.retention', pg_current_xact_id()::text, true);
  DELETE FROM event_seal WHERE number IN (SELECT s.number FROM event_seal s WHERE s.number < first_kept ORDER BY s.number LIMIT "max");
  GET DIAGNOSTICS dropped = ROW_COUNT;
  PERFORM set_config('curfew.retention', '', true);
  RETURN dropped;
END $$;

-- As before, and the chain may begin with the seal of events that retention has given up.
CREATE OR REPLACE FUNCTION curfew_verify_event_seals("from" bigint, "most" integer, "within" interval) RETURNS TABLE ("seal" bigint, "problem" text, "events" bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s event_seal; before event_seal; given_up uuid; content bytea; counted integer; checked bigint := 0; started timestamptz := clock_timestamp();
BEGIN
  SELECT max(r.before_id::text)::uuid INTO given_up FROM event_retention r;
  SELECT * INTO before FROM event_seal WHERE number = "from" - 1;
  FOR s IN SELECT * FROM event_seal WHERE number >= "from" ORDER BY number LIMIT "most" LOOP
    IF before.number IS NULL AND s.number > 1 AND s.first_id < given_up THEN
      -- The seals before it are gone with their events.
      NULL;
    ELSE
      IF s.number <> coalesce(before.number, 0) + 1 THEN RETURN QUERY SELECT s.number, 'a seal before it is missing', NULL::bigint; END IF;
      IF s.hash <> sha256(coalesce(before.hash, ''::bytea) || s.content) THEN RETURN QUERY SELECT s.number, 'the seal does not follow from the one before it', NULL::bigint; END IF;
    END IF;
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
