-- The personal data of a person can be erased from events, and the chain still verifies (ADR 86). A seal is salted from here on: once the salt
-- is gone, the hash of what was sealed can confirm no guess. Seals from before have none.
CREATE TABLE "event_salt" (
    "seal" BIGINT NOT NULL,
    "salt" BYTEA NOT NULL,

    CONSTRAINT "event_salt_pkey" PRIMARY KEY ("seal"),
    CONSTRAINT "event_salt_seal_fkey" FOREIGN KEY ("seal") REFERENCES "event_seal" ("number") ON DELETE CASCADE
);
-- The events behind a seal as they are since an erasure. The event that is named has the same content in its data, and is sealed itself.
CREATE TABLE "event_erasure" (
    "seal" BIGINT NOT NULL,
    "salt" BYTEA NOT NULL,
    "content" BYTEA NOT NULL,
    "event_id" UUID NOT NULL,

    CONSTRAINT "event_erasure_pkey" PRIMARY KEY ("seal"),
    CONSTRAINT "event_erasure_seal_fkey" FOREIGN KEY ("seal") REFERENCES "event_seal" ("number") ON DELETE CASCADE
);
-- The seal behind which an event is.
CREATE INDEX "event_seal_era_last_xid_last_id_idx" ON "event_seal" ("era", "last_xid", "last_id");

-- As before, and an erasure may take personal data out of events, in the transaction that says so.
CREATE OR REPLACE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME LIKE 'event%' AND current_setting('curfew.retention', true) = pg_current_xact_id()::text THEN RETURN OLD; END IF;
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME ~ '^event(_\d{4}_\d{2}|_other)?$' AND current_setting('curfew.erasure', true) = pg_current_xact_id()::text
    AND (to_jsonb(NEW) - 'data') = (to_jsonb(OLD) - 'data') THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'events are appended only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

-- The data of an event without what tells of the person: the circumstances of their requests, texts, and their address as an actor. The record of the erasure itself stays.
CREATE FUNCTION curfew_without_person("data" jsonb, "account" uuid) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN "data" ->> 'operation' = 'erasePersonalData' THEN "data"
    WHEN "data" #>> '{by,id}' = "account"::text AND "data" #>> '{by,ip}' IS NOT NULL
    THEN jsonb_set("data" - '{signals,ip,findings,note}'::text[], '{by,ip}', 'null'::jsonb)
    ELSE "data" - '{signals,ip,findings,note}'::text[] END
$$;

-- The hash of the events behind a seal, with a salt; null where there are none.
CREATE FUNCTION curfew_seal_content(s "event_seal", "salt" bytea) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256("salt" || convert_to(string_agg(curfew_event_text(e), E'\n' ORDER BY e.xid, e.id), 'UTF8')) FROM event e
  LEFT JOIN event_seal b ON b.number = s.number - 1
  WHERE (e.xid, e.id) > (CASE WHEN b.era = s.era THEN b.last_xid ELSE '0'::xid8 END,
      CASE WHEN b.era = s.era THEN b.last_id ELSE '00000000-0000-0000-0000-000000000000'::uuid END)
    AND (e.xid, e.id) <= (s.last_xid, s.last_id) AND e.era = s.era
$$;

CREATE FUNCTION curfew_new_salt() RETURNS bytea LANGUAGE sql VOLATILE AS $$
  SELECT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')
$$;

-- Takes the personal data of an account out of the events behind one seal, and returns the content that the seal has since. Refuses where the
-- events do not fit their seal: an erasure must not cover a change up.
CREATE FUNCTION curfew_erase_from_seal("sealed" bigint, "account" uuid, "erasure" uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s event_seal; fresh bytea := curfew_new_salt(); now_content bytea;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('curfew event seals'));
  IF EXISTS (SELECT 1 FROM curfew_verify_event_seals("sealed", 1, interval '1 minute') v WHERE v.problem IS NOT NULL) THEN
    RAISE EXCEPTION 'seal % does not fit its events', "sealed" USING ERRCODE = 'integrity_constraint_violation'; END IF;
  SELECT * INTO s FROM event_seal WHERE number = "sealed";
  PERFORM set_config('curfew.erasure', pg_current_xact_id()::text, true);
  UPDATE event e SET data = curfew_without_person(e.data, "account")
    WHERE e.account_id = "account" AND e.era = s.era AND (e.xid, e.id) <= (s.last_xid, s.last_id)
      AND (e.xid, e.id) > (SELECT coalesce(max(b.last_xid::text)::xid8, '0'::xid8), coalesce(max(b.last_id::text)::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
        FROM event_seal b WHERE b.number = s.number - 1 AND b.era = s.era)
      AND e.data <> curfew_without_person(e.data, "account");
  PERFORM set_config('curfew.erasure', '', true);
  now_content := curfew_seal_content(s, fresh);
  INSERT INTO event_erasure VALUES (s.number, fresh, now_content, "erasure")
    ON CONFLICT (seal) DO UPDATE SET salt = excluded.salt, content = excluded.content, event_id = excluded.event_id;
  DELETE FROM event_salt WHERE seal = s.number;
  RETURN encode(now_content, 'hex');
END $$;

-- Takes the personal data of an account out of events that are not sealed yet, and out of counts; says how many rows changed.
CREATE FUNCTION curfew_erase_unsealed("account" uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE last event_seal; changed integer; counts integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('curfew event seals'));
  SELECT * INTO last FROM event_seal ORDER BY number DESC LIMIT 1;
  PERFORM set_config('curfew.erasure', pg_current_xact_id()::text, true);
  UPDATE event e SET data = curfew_without_person(e.data, "account")
    WHERE e.account_id = "account" AND e.data <> curfew_without_person(e.data, "account")
      AND (last.number IS NULL OR e.era > last.era OR (e.era = last.era AND (e.xid, e.id) > (last.last_xid, last.last_id)));
  GET DIAGNOSTICS changed = ROW_COUNT;
  PERFORM set_config('curfew.erasure', '', true);
  UPDATE event_count c SET data = curfew_without_person(c.data, "account")
    WHERE c.account_id = "account" AND c.data <> curfew_without_person(c.data, "account");
  GET DIAGNOSTICS counts = ROW_COUNT;
  RETURN changed + counts;
END $$;

-- As before, with a salt.
CREATE OR REPLACE FUNCTION curfew_seal_events("most" integer, "now" timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE last event_seal; present integer; sealing integer; after_xid xid8; after_id uuid; content bytea; counted integer; first uuid; to_xid xid8; to_id uuid;
  fresh bytea := curfew_new_salt();
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('curfew event seals')) THEN RETURN 0; END IF;
  SELECT s.era INTO present FROM service_state s WHERE s.id = 1;
  SELECT * INTO last FROM event_seal ORDER BY number DESC LIMIT 1;
  sealing := coalesce(last.era, 0);
  LOOP
    after_xid := CASE WHEN last.era = sealing THEN last.last_xid ELSE '0'::xid8 END;
    after_id := CASE WHEN last.era = sealing THEN last.last_id ELSE '00000000-0000-0000-0000-000000000000'::uuid END;
    SELECT sha256(fresh || convert_to(string_agg(curfew_event_text(e), E'\n' ORDER BY e.xid, e.id), 'UTF8')), count(*), (array_agg(e.id ORDER BY e.id))[1],
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
  INSERT INTO event_salt VALUES (coalesce(last.number, 0) + 1, fresh);
  RETURN counted;
END $$;

-- As before: events that were erased from must be as the erasure left them, and the erasure must stand in the history.
CREATE OR REPLACE FUNCTION curfew_verify_event_seals("from" bigint, "most" integer, "within" interval) RETURNS TABLE ("seal" bigint, "problem" text, "events" bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE s event_seal; before event_seal; erased event_erasure; given_up uuid; counted integer; used_salt bytea; checked bigint := 0; started timestamptz := clock_timestamp();
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
      SELECT count(*) INTO counted FROM event e
        WHERE (e.xid, e.id) > (CASE WHEN before.era = s.era THEN before.last_xid ELSE '0'::xid8 END,
            CASE WHEN before.era = s.era THEN before.last_id ELSE '00000000-0000-0000-0000-000000000000'::uuid END)
          AND (e.xid, e.id) <= (s.last_xid, s.last_id) AND e.era = s.era;
      SELECT * INTO erased FROM event_erasure x WHERE x.seal = s.number;
      SELECT x.salt INTO used_salt FROM event_salt x WHERE x.seal = s.number;
      IF counted <> s.events THEN RETURN QUERY SELECT s.number, format('%s events were sealed and there are %s', s.events, counted), NULL::bigint;
      ELSIF curfew_seal_content(s, coalesce(erased.salt, used_salt, ''::bytea)) IS DISTINCT FROM coalesce(erased.content, s.content) THEN
        RETURN QUERY SELECT s.number, 'an event was changed', NULL::bigint;
      ELSIF erased.seal IS NOT NULL AND NOT EXISTS (SELECT 1 FROM event e WHERE e.id = erased.event_id AND e.type = 'account.changed'
          AND e.data ->> 'change' = 'erased' AND e.data #>> ARRAY['seals', s.number::text] = encode(erased.content, 'hex')) THEN
        RETURN QUERY SELECT s.number, 'events were changed as by an erasure, and no event tells of it', NULL::bigint; END IF;
    END IF;
    before := s;
    checked := checked + s.events;
    EXIT WHEN clock_timestamp() > started + "within";
  END LOOP;
  IF before.number >= "from" THEN RETURN QUERY SELECT before.number, NULL::text, checked; END IF;
END $$;
