-- A transmitter that takes only short-lived access tokens names the endpoint at which they are got (RFC 6749 section 4.4). What is sealed
-- in "authorization" is the client secret then.
ALTER TABLE "transmitter" ADD COLUMN "token_endpoint" TEXT;
ALTER TABLE "transmitter" ADD COLUMN "client_id" TEXT;
ALTER TABLE "transmitter" ADD COLUMN "token_scope" TEXT;
