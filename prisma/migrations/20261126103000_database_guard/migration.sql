-- A database can go backwards: a standby that lagged is promoted, a backup or a disk snapshot is put back. Each process remembers what was
-- acknowledged to it and compares the database with that (docs/adr/0039-a-database-that-lost-something.md).

-- One row per process. The process counts `mark` up in a small commit of its own; a database that has a lower count than the process
-- remembers has lost that commit and everything after it. `server` is the database server the process last found to be sound.
CREATE TABLE "node_mark" (
  "node" UUID PRIMARY KEY,
  "mark" BIGINT NOT NULL,
  "server" TEXT,
  "marked_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "node_mark_marked_at_idx" ON "node_mark"("marked_at");

-- Where each WAL timeline began, as the first process saw it that looked. PostgreSQL itself forgets this at its next restart.
CREATE TABLE "wal_timeline" (
  "system" TEXT NOT NULL,
  "timeline" INTEGER NOT NULL,
  "began_at" PG_LSN NOT NULL,
  PRIMARY KEY ("system", "timeline")
);

-- `lost_since` is set by the process that finds a loss, so that the others refuse too. `lost_known_at` is the latest instant of which any of
-- them remembers an acknowledgement. `restored_at` is set by the step that follows a restore.
ALTER TABLE "service_state" ADD COLUMN "lost_since" TIMESTAMPTZ(3);
ALTER TABLE "service_state" ADD COLUMN "lost_known_at" TIMESTAMPTZ(3);
ALTER TABLE "service_state" ADD COLUMN "restored_at" TIMESTAMPTZ(3);
