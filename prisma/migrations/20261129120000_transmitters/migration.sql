-- Services that tell of security events about people (OpenID Shared Signals), and the tokens of theirs that ended something.
CREATE TABLE "transmitter" (
  "id" TEXT PRIMARY KEY,
  "issuer" TEXT NOT NULL,
  "audience" TEXT NOT NULL,
  "jwks_uri" TEXT,
  "delivery" TEXT NOT NULL,
  "endpoint_url" TEXT,
  "authorization" BYTEA NOT NULL,
  "subject_issuer" TEXT NOT NULL,
  "matches_email" BOOLEAN NOT NULL,
  "signals" TEXT[],
  "enabled" BOOLEAN NOT NULL,
  "version" INTEGER NOT NULL DEFAULT 1,
  "poll_due_at" TIMESTAMPTZ(3) NOT NULL,
  "polled_at" TIMESTAMPTZ(3),
  "poll_failures" INTEGER NOT NULL DEFAULT 0,
  "poll_fault" TEXT,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "updated_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE UNIQUE INDEX "transmitter_issuer_key" ON "transmitter" ("issuer");

CREATE TABLE "received_signal" (
  "issuer" TEXT NOT NULL,
  "jti" TEXT NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY ("issuer", "jti")
);
CREATE INDEX "received_signal_expires_at_idx" ON "received_signal" ("expires_at");
