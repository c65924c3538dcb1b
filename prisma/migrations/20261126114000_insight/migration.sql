-- Histograms of lengths of time, from which timeouts are chosen (ADR 54). Nothing in them belongs to a person: accounts are divided into 16 folds.
-- An empty client_id means all clients together. Days become weeks (`days` is 7, `day` their Monday) after a fortnight.
CREATE TABLE "gap_histogram" (
  "client_id" text NOT NULL,
  "inactivity_timeout" integer NOT NULL,
  "day" date NOT NULL,
  "fold" smallint NOT NULL,
  "arm" smallint NOT NULL DEFAULT 0,
  "kind" text NOT NULL,
  "days" smallint NOT NULL DEFAULT 1,
  "counts" integer[] NOT NULL,
  CONSTRAINT "gap_histogram_pkey" PRIMARY KEY ("client_id", "inactivity_timeout", "day", "fold", "arm", "kind")
);
CREATE INDEX "gap_histogram_day_idx" ON "gap_histogram" ("day");

-- Silences that ended by activity, by the hour of the week (0 is Monday from midnight, UTC).
CREATE TABLE "gap_hour" (
  "client_id" text NOT NULL,
  "inactivity_timeout" integer NOT NULL,
  "hour_of_week" smallint NOT NULL,
  "first_day" date NOT NULL,
  "last_day" date NOT NULL,
  "counts" bigint[] NOT NULL,
  CONSTRAINT "gap_hour_pkey" PRIMARY KEY ("client_id", "inactivity_timeout", "hour_of_week")
);

-- Whether this sign-in followed the end of a session of the same account and client by its inactivity timeout, within eight hours.
ALTER TABLE "session" ADD COLUMN "after_idle_cut" boolean;

-- Adds two histograms bucket by bucket.
CREATE FUNCTION curfew_add_counts("a" anyarray, "b" anyarray) RETURNS anyarray
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_agg(coalesce(u.x, 0) + coalesce(u.y, 0) ORDER BY u.place) FROM unnest("a", "b") WITH ORDINALITY AS u(x, y, place)
$$;
CREATE AGGREGATE curfew_sum_counts(anyarray) (SFUNC = curfew_add_counts, STYPE = anyarray, INITCOND = '{}', PARALLEL = SAFE);
