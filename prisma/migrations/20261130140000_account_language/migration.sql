-- The language in which a person is written to about their account where nobody asked for a letter: that of the pages on which they sign in.
ALTER TABLE "account_profile" ADD COLUMN "language" TEXT;

-- As before (ADR 86), and without the language that the browser of the person told (ADR 122).
CREATE OR REPLACE FUNCTION curfew_without_person("data" jsonb, "account" uuid) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN "data" ->> 'operation' = 'erasePersonalData' THEN "data"
    WHEN "data" #>> '{by,id}' = "account"::text AND "data" #>> '{by,ip}' IS NOT NULL
    THEN jsonb_set("data" - '{signals,ip,findings,note,language}'::text[], '{by,ip}', 'null'::jsonb)
    ELSE "data" - '{signals,ip,findings,note,language}'::text[] END
$$;
