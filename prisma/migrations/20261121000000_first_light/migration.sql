-- CreateTable
CREATE TABLE "session" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "browser_session_uid" TEXT,
    "offline" BOOLEAN NOT NULL,
    "resources" TEXT[],
    "authorization" JSONB NOT NULL,
    "baseline" JSONB NOT NULL,
    "signed_in_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "inactivity_timeout" INTEGER NOT NULL,
    "absolute_deadline" TIMESTAMPTZ(3) NOT NULL,
    "check_after" TIMESTAMPTZ(3) NOT NULL,
    "key_thumbprint" TEXT,
    "step_up_required_at" TIMESTAMPTZ(3),
    "stepped_up_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "end_reason" TEXT,
    "end_detail" JSONB,
    "generation" INTEGER NOT NULL DEFAULT 0,
    "retries" INTEGER NOT NULL DEFAULT 0,
    "last_active_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "rotated_at" TIMESTAMPTZ(3),
    "token_hash" BYTEA,
    "successor_seal" BYTEA,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "not_before" (
    "kind" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "detail" JSONB,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "not_before_pkey" PRIMARY KEY ("kind","target")
);

-- CreateTable
CREATE TABLE "revoked_token" (
    "token_hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "revoked_token_pkey" PRIMARY KEY ("token_hash")
);

-- CreateTable
CREATE TABLE "protocol_artifact" (
    "kind" TEXT NOT NULL,
    "id_hash" BYTEA NOT NULL,
    "payload" BYTEA NOT NULL,
    "grant_id" TEXT,
    "uid" TEXT,
    "user_code_hash" BYTEA,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "consumed_at" TIMESTAMPTZ(3),

    CONSTRAINT "protocol_artifact_pkey" PRIMARY KEY ("kind","id_hash")
);

-- CreateTable
CREATE TABLE "browser_session" (
    "id_hash" BYTEA NOT NULL,
    "uid" TEXT NOT NULL,
    "account_id" UUID,
    "payload" BYTEA NOT NULL,
    "signed_in_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "browser_session_pkey" PRIMARY KEY ("id_hash")
);

-- CreateTable
CREATE TABLE "consent" (
    "account_id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "granted" JSONB NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "consent_pkey" PRIMARY KEY ("account_id","client_id")
);

-- CreateTable
CREATE TABLE "account" (
    "id" UUID NOT NULL,
    "username" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "password_changed_at" TIMESTAMPTZ(3) NOT NULL,
    "must_change_password" BOOLEAN NOT NULL DEFAULT false,
    "disabled_at" TIMESTAMPTZ(3),
    "first_run" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "throttle" (
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "window_ends_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "throttle_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "client" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "metadata" JSONB NOT NULL,
    "resource" TEXT,
    "disabled_at" TIMESTAMPTZ(3),
    "first_run" BOOLEAN NOT NULL DEFAULT false,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "client_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "client_secret" (
    "id" UUID NOT NULL,
    "client_id" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "client_secret_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "resource" (
    "audience" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "scopes" TEXT[],
    "token_format" TEXT NOT NULL DEFAULT 'opaque',
    "signing_alg" TEXT,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "resource_pkey" PRIMARY KEY ("audience")
);

-- CreateTable
CREATE TABLE "policy" (
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "settings" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "created_by" TEXT NOT NULL,

    CONSTRAINT "policy_pkey" PRIMARY KEY ("name","version")
);

-- CreateTable
CREATE TABLE "policy_attachment" (
    "kind" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "policy" TEXT NOT NULL,

    CONSTRAINT "policy_attachment_pkey" PRIMARY KEY ("kind","target")
);

-- CreateTable
CREATE TABLE "signing_key" (
    "kid" TEXT NOT NULL,
    "alg" TEXT NOT NULL,
    "public_jwk" JSONB NOT NULL,
    "private_jwk" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "activates_at" TIMESTAMPTZ(3) NOT NULL,
    "retires_at" TIMESTAMPTZ(3),
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "signing_key_pkey" PRIMARY KEY ("kid")
);

-- CreateTable
CREATE TABLE "event" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "type" TEXT NOT NULL,
    "session_id" UUID,
    "account_id" UUID,
    "client_id" TEXT,
    "data" JSONB NOT NULL,
    "xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "service_state" (
    "id" INTEGER NOT NULL,
    "instance_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 1,
    "clock_offset_ms" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "service_state_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "session_account_id_id_idx" ON "session"("account_id", "id" DESC);

-- CreateIndex
CREATE INDEX "session_client_id_id_idx" ON "session"("client_id", "id" DESC);

-- CreateIndex
CREATE INDEX "session_browser_session_uid_idx" ON "session"("browser_session_uid");

-- CreateIndex
CREATE INDEX "session_check_after_idx" ON "session"("check_after");

-- CreateIndex
CREATE INDEX "revoked_token_expires_at_idx" ON "revoked_token"("expires_at");

-- CreateIndex
CREATE INDEX "protocol_artifact_grant_id_idx" ON "protocol_artifact"("grant_id");

-- CreateIndex
CREATE INDEX "protocol_artifact_expires_at_idx" ON "protocol_artifact"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "protocol_artifact_kind_user_code_hash_key" ON "protocol_artifact"("kind", "user_code_hash");

-- CreateIndex
CREATE UNIQUE INDEX "browser_session_uid_key" ON "browser_session"("uid");

-- CreateIndex
CREATE INDEX "browser_session_account_id_idx" ON "browser_session"("account_id");

-- CreateIndex
CREATE INDEX "browser_session_expires_at_idx" ON "browser_session"("expires_at");

-- CreateIndex
CREATE INDEX "consent_client_id_idx" ON "consent"("client_id");

-- CreateIndex
CREATE UNIQUE INDEX "account_username_key" ON "account"("username");

-- CreateIndex
CREATE INDEX "throttle_window_ends_at_idx" ON "throttle"("window_ends_at");

-- CreateIndex
CREATE INDEX "client_secret_client_id_idx" ON "client_secret"("client_id");

-- CreateIndex
CREATE INDEX "event_session_id_id_idx" ON "event"("session_id", "id");

-- CreateIndex
CREATE INDEX "event_type_id_idx" ON "event"("type", "id");

-- CreateIndex
CREATE INDEX "event_at_idx" ON "event"("at");

-- CreateIndex
CREATE INDEX "event_xid_id_idx" ON "event"("xid", "id");


-- What Prisma cannot say ----------------------------------------------------------------------------------------

-- Room on each page for the next version of a row, so that a refresh is a HOT update.
ALTER TABLE "session" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE "session" ADD CONSTRAINT "session_end_is_whole" CHECK (("ended_at" IS NULL) = ("end_reason" IS NULL));
ALTER TABLE "session" ADD CONSTRAINT "session_within_absolute" CHECK ("expires_at" <= "absolute_deadline");
ALTER TABLE "session" ADD CONSTRAINT "session_parent_has_seal" CHECK ("rotated_at" IS NULL OR "generation" > 0);
ALTER TABLE "service_state" ADD CONSTRAINT "service_state_is_one_row" CHECK ("id" = 1);
INSERT INTO "service_state" ("id", "instance_id") VALUES (1, gen_random_uuid());

-- The promises a database can see; no row means that they hold. Run after every test that touches the database.
CREATE FUNCTION assert_invariants() RETURNS TABLE (violation text, subject text) LANGUAGE sql STABLE AS $$
  SELECT 'two sessions share a live refresh token', string_agg("id"::text, ' ')
    FROM "session" WHERE "token_hash" IS NOT NULL GROUP BY "token_hash" HAVING count(*) > 1
  UNION ALL
  SELECT 'an ended session without exactly one event of its end', s."id"::text
    FROM "session" s LEFT JOIN "event" e ON e."session_id" = s."id" AND e."type" = 'session.ended'
    WHERE s."ended_at" IS NOT NULL GROUP BY s."id" HAVING count(e."id") <> 1
  UNION ALL
  SELECT 'an event of an end for a session that lives', s."id"::text
    FROM "session" s JOIN "event" e ON e."session_id" = s."id" AND e."type" = 'session.ended' WHERE s."ended_at" IS NULL
  UNION ALL
  SELECT 'event and row disagree about the reason of an end', s."id"::text
    FROM "session" s JOIN "event" e ON e."session_id" = s."id" AND e."type" = 'session.ended'
    WHERE e."data" ->> 'reason' IS DISTINCT FROM s."end_reason"
  UNION ALL
  SELECT 'a session active after it expired', s."id"::text FROM "session" s WHERE s."last_active_at" > s."absolute_deadline"
  UNION ALL
  SELECT 'a client with more than two active secrets', c."client_id"
    FROM "client_secret" c WHERE c."expires_at" IS NULL GROUP BY c."client_id" HAVING count(*) > 2
$$;
