-- Scenarios that were played over the admin API, for those who watch. The unique index lets one be played at a time.
CREATE TABLE "scenario_play" (
  "id" UUID PRIMARY KEY,
  "scenario" TEXT NOT NULL,
  "started_by" JSONB NOT NULL,
  "started_at" TIMESTAMPTZ(3) NOT NULL,
  "client_id" TEXT NOT NULL,
  "state" TEXT NOT NULL,
  "steps" JSONB NOT NULL DEFAULT '[]',
  "detail" TEXT,
  "stop_asked" BOOLEAN NOT NULL DEFAULT false,
  "seen_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE UNIQUE INDEX "scenario_play_playing_key" ON "scenario_play" ("state") WHERE "state" = 'playing';
CREATE INDEX "scenario_play_started_at_idx" ON "scenario_play" ("started_at");
