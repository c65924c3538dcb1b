-- Hosts whose documents may introduce clients (draft-ietf-oauth-client-id-metadata-document), and the APIs that these may ask for.
CREATE TABLE "client_host" (
  "host" TEXT PRIMARY KEY,
  "resources" TEXT[] NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL
);
-- Until when the document of such a client need not be read again; null for a client that was registered here.
ALTER TABLE "client" ADD COLUMN "document_fresh_until" TIMESTAMPTZ(3);
