-- Second factors of accounts. An older version signs people in without asking for them (docs/operations.md, upgrades).
ALTER TABLE "account" ADD COLUMN "second_factors" TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE "account" ADD COLUMN "second_step_always" BOOLEAN NOT NULL DEFAULT true;

CREATE TABLE "totp_factor" (
  "account_id" UUID PRIMARY KEY REFERENCES "account" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "secret" BYTEA NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "confirmed_at" TIMESTAMPTZ(3),
  "last_step" BIGINT NOT NULL DEFAULT 0,
  "last_used_at" TIMESTAMPTZ(3)
);

CREATE TABLE "recovery_code" (
  "account_id" UUID NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "code_hash" BYTEA NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY ("account_id", "code_hash")
);
