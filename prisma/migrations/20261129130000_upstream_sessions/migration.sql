-- The sessions at other identity providers that a browser's sign-in came of, by a hash. It ends when one of them does.
ALTER TABLE "browser_session" ADD COLUMN "upstream" TEXT[];
CREATE INDEX "browser_session_upstream_idx" ON "browser_session" USING GIN ("upstream") WHERE "upstream" IS NOT NULL;
