-- Browsers in which a person is not asked for a second step at the sign-in for some days.
CREATE TABLE "remembered_browser" (
  "token_hash" BYTEA PRIMARY KEY,
  "account_id" UUID NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "browser_session_uid" TEXT NOT NULL,
  "authenticators_hash" BYTEA NOT NULL,
  "browser" TEXT,
  "system" TEXT,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "remembered_browser_account_id_idx" ON "remembered_browser" ("account_id");
CREATE INDEX "remembered_browser_browser_session_uid_idx" ON "remembered_browser" ("browser_session_uid");
CREATE INDEX "remembered_browser_expires_at_idx" ON "remembered_browser" ("expires_at");
