-- "hipaa" is a ready profile from here on. A policy of one's own that has this name gets another one, so that nobody is put under other
-- settings unasked. Names in events stay as they were written.
DO $$ DECLARE renamed text := 'hipaa-own'; BEGIN
  IF NOT EXISTS (SELECT 1 FROM policy WHERE name = 'hipaa') THEN RETURN; END IF;
  IF EXISTS (SELECT 1 FROM policy WHERE name = renamed) THEN renamed := 'hipaa-own-' || to_char(clock_timestamp(), 'YYYYMMDDHH24MISS'); END IF;
  UPDATE policy SET name = renamed WHERE name = 'hipaa';
  UPDATE policy_attachment SET policy = renamed WHERE policy = 'hipaa';
  UPDATE policy_shadow SET policy = renamed WHERE policy = 'hipaa';
  UPDATE policy_adaptation SET policy = renamed WHERE policy = 'hipaa';
  UPDATE policy_proposal SET policy = renamed WHERE policy = 'hipaa';
END $$;
