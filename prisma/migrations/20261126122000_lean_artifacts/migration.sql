-- Only device codes have a user code, and only codes and answered interactions have a grant; everything else needs no entry for either
-- (ADR 79). Both searches name the value that they look for, so they use these indexes as they used those before. The table holds what
-- lives for minutes, so it is small.
DROP INDEX "protocol_artifact_kind_user_code_hash_key";
CREATE UNIQUE INDEX "protocol_artifact_kind_user_code_hash_key" ON "protocol_artifact" ("kind", "user_code_hash") WHERE "user_code_hash" IS NOT NULL;
DROP INDEX "protocol_artifact_grant_id_idx";
CREATE INDEX "protocol_artifact_grant_id_idx" ON "protocol_artifact" ("grant_id") WHERE "grant_id" IS NOT NULL;
