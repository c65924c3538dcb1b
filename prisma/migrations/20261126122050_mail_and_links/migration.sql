-- What is known of a person beside how they sign in. It stands beside the account, so that a sign-in reads no more than before.
CREATE TABLE "account_profile" (
  "account_id" UUID PRIMARY KEY REFERENCES "account" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "display_name" TEXT,
  "email" TEXT,
  "email_verified" BOOLEAN NOT NULL DEFAULT false,
  "groups" TEXT[] NOT NULL DEFAULT '{}',
  "external_id" TEXT,
  "updated_at" TIMESTAMPTZ(3) NOT NULL
);
-- A verified address names one account: a forgotten password is asked for by it.
CREATE UNIQUE INDEX "account_profile_verified_email_key" ON "account_profile" ("email") WHERE "email_verified";
CREATE INDEX "account_profile_external_id_idx" ON "account_profile" ("external_id");

-- Mail that waits. The content is sealed, and the links in it are made when it is sent.
CREATE TABLE "mail" (
  "id" UUID PRIMARY KEY,
  "kind" TEXT NOT NULL,
  "account_id" UUID REFERENCES "account" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "facts" BYTEA NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
  "attempts" INTEGER NOT NULL DEFAULT 0,
  "last_cause" TEXT,
  "sent_at" TIMESTAMPTZ(3),
  "letter" BYTEA
);
CREATE INDEX "mail_next_attempt_at_idx" ON "mail" ("next_attempt_at");
CREATE INDEX "mail_account_id_idx" ON "mail" ("account_id");

-- Links that act once. A row is deleted when its link is used.
CREATE TABLE "one_time_link" (
  "token_hash" BYTEA PRIMARY KEY,
  "purpose" TEXT NOT NULL,
  "account_id" UUID NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "subject" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "one_time_link_account_id_purpose_idx" ON "one_time_link" ("account_id", "purpose");
CREATE INDEX "one_time_link_expires_at_idx" ON "one_time_link" ("expires_at");

-- Where an account signed in before, as hashes of network and browser: a person is told of a sign-in elsewhere.
CREATE TABLE "known_place" (
  "account_id" UUID NOT NULL REFERENCES "account" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  "place_hash" BYTEA NOT NULL,
  "seen_at" TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY ("account_id", "place_hash")
);
CREATE INDEX "known_place_seen_at_idx" ON "known_place" ("seen_at");
