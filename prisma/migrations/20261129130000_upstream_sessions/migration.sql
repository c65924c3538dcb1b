-- The sessions at other identity providers that a browser's sign-in came of, by a hash. It ends when one of them does.
ALTER TABLE "browser_session" ADD COLUMN "upstream" TEXT[];
