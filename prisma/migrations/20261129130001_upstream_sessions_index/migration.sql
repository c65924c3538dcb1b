-- Alone in its migration, because it is made beside requests and so in no transaction (ADR 28).
CREATE INDEX CONCURRENTLY "browser_session_upstream_idx" ON "browser_session" USING GIN ("upstream") WHERE "upstream" IS NOT NULL;
