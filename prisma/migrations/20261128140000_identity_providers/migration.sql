-- Other identity providers with which people sign in, and the accounts of those people.
CREATE TABLE "identity_provider" (
  "id" TEXT PRIMARY KEY,
  "issuer" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "client_id" TEXT NOT NULL,
  "secret" BYTEA NOT NULL,
  "scopes" TEXT[],
  "links_by_email" BOOLEAN NOT NULL,
  "creates_accounts" BOOLEAN NOT NULL,
  "single_sign_on" BOOLEAN NOT NULL,
  "believes_amr" BOOLEAN NOT NULL,
  "acr_methods" JSONB NOT NULL,
  "enabled" BOOLEAN NOT NULL,
  "version" INTEGER NOT NULL DEFAULT 1,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "updated_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE UNIQUE INDEX "identity_provider_issuer_key" ON "identity_provider" ("issuer");

CREATE TABLE "linked_identity" (
  "issuer" TEXT NOT NULL,
  "subject" TEXT NOT NULL,
  "account_id" UUID NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "last_used_at" TIMESTAMPTZ(3),
  PRIMARY KEY ("issuer", "subject")
);
CREATE INDEX "linked_identity_account_id_idx" ON "linked_identity" ("account_id");
