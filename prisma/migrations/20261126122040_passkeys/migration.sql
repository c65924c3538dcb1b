-- Passkeys of accounts (WebAuthn). An older version asks people who have nothing but a passkey for a recovery code (docs/operations.md, upgrades).
CREATE TABLE "passkey" (
  "id" BYTEA PRIMARY KEY,
  "account_id" UUID NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "relying_party" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "public_key" BYTEA NOT NULL,
  "counter" BIGINT NOT NULL,
  "is_platform" BOOLEAN NOT NULL,
  "backup_eligible" BOOLEAN NOT NULL,
  "backed_up" BOOLEAN NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "last_used_at" TIMESTAMPTZ(3)
);
CREATE INDEX "passkey_account_id_idx" ON "passkey" ("account_id");
