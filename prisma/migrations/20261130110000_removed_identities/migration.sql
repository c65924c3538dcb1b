-- Links to identity providers that a person has removed from their account: no address makes one of them again by itself.
CREATE TABLE "removed_identity" (
  "account_id" UUID NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "issuer" TEXT NOT NULL,
  "subject" TEXT NOT NULL,
  "removed_at" TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY ("account_id", "issuer", "subject")
);
