-- When the shadow of its policy would have ended the session, and after how many seconds it was used again (ADR 59). Both are written only by
-- updates that are made anyway. A mark from before the shadow began counts as none.
ALTER TABLE "session" ADD COLUMN "shadow_end" timestamptz(3), ADD COLUMN "shadow_used_after" integer;
CREATE INDEX "session_shadow_idx" ON "session" ("client_id", "id") WHERE "shadow_end" IS NOT NULL;

-- Timeouts that are tried in shadow, one for each policy; ready profiles may have one as well.
CREATE TABLE "policy_shadow" (
  "policy" text NOT NULL PRIMARY KEY,
  "inactivity_timeout" integer NOT NULL,
  "absolute_lifetime" integer,
  "since" timestamptz(3) NOT NULL,
  "created_by" text NOT NULL
);

-- How a policy may adapt within its limits, and how far it has come (ADR 60).
CREATE TABLE "policy_adaptation" (
  "policy" text NOT NULL PRIMARY KEY,
  "settings" jsonb NOT NULL,
  "state" jsonb NOT NULL,
  "decided_at" timestamptz(3)
);

CREATE TABLE "policy_proposal" (
  "id" uuid NOT NULL PRIMARY KEY,
  "policy" text NOT NULL,
  "status" text NOT NULL,
  "from_timeout" integer NOT NULL,
  "to_timeout" integer NOT NULL,
  "numbers" jsonb NOT NULL,
  "made_at" timestamptz(3) NOT NULL,
  "settled_at" timestamptz(3),
  "settled_by" text
);
CREATE INDEX "policy_proposal_policy_idx" ON "policy_proposal" ("policy", "made_at");

-- Releases of applications: silences around them say little of the timeout.
CREATE TABLE "client_release" (
  "client_id" text NOT NULL,
  "released_at" timestamptz(3) NOT NULL,
  "created_by" text NOT NULL,
  CONSTRAINT "client_release_pkey" PRIMARY KEY ("client_id", "released_at")
);
