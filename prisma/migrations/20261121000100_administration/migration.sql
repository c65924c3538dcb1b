-- CreateTable
CREATE TABLE "operator" (
    "account_id" UUID NOT NULL,
    "scopes" TEXT[],
    "granted_at" TIMESTAMPTZ(3) NOT NULL,
    "granted_by" TEXT NOT NULL,

    CONSTRAINT "operator_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "idempotency_key" (
    "caller" TEXT NOT NULL,
    "key_hash" BYTEA NOT NULL,
    "request_hash" BYTEA NOT NULL,
    "status" INTEGER,
    "answer" BYTEA,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_key_pkey" PRIMARY KEY ("caller","key_hash")
);

-- CreateIndex
CREATE INDEX "idempotency_key_expires_at_idx" ON "idempotency_key"("expires_at");

-- CreateIndex
CREATE INDEX "session_started_at_id_idx" ON "session"("started_at", "id");

-- CreateIndex
CREATE INDEX "event_account_id_id_idx" ON "event"("account_id", "id");

-- CreateIndex
CREATE INDEX "event_client_id_id_idx" ON "event"("client_id", "id");


-- What Prisma cannot say ----------------------------------------------------------------------------------------

-- The address a session was signed in from; null for what is no address, because a sign-in must not fail over an index.
CREATE FUNCTION session_address("baseline" jsonb) RETURNS inet LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  RETURN ("baseline" ->> 'ip')::inet;
EXCEPTION WHEN invalid_text_representation THEN
  RETURN NULL;
END $$;

-- Family and operating system as one text that can be searched in.
CREATE FUNCTION session_user_agent("baseline" jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT lower(left(coalesce("baseline" ->> 'userAgentFamily', '') || ' ' || coalesce("baseline" ->> 'operatingSystem', ''), 200))
$$;

-- Searches of operators. None of these is on a column that a refresh changes, so a refresh stays a HOT update.
CREATE INDEX "session_address_idx" ON "session" (session_address("baseline"), "id" DESC);
CREATE INDEX "session_user_agent_idx" ON "session" (session_user_agent("baseline"), "id" DESC);
CREATE INDEX "session_end_reason_idx" ON "session" ("end_reason", "id" DESC) WHERE "ended_at" IS NOT NULL;
CREATE INDEX "session_ended_id_idx" ON "session" ("id" DESC) WHERE "ended_at" IS NOT NULL;
CREATE INDEX "session_ended_at_idx" ON "session" ("ended_at", "id") WHERE "ended_at" IS NOT NULL;
