-- The tables an oidc-provider adapter for Prisma needs: one for everything the protocol stores, one for people.
-- Names and columns are those of the models of the same name in prisma/schema.prisma, because the baseline uses that
-- generated client; the indexes are those the adapter's queries need, and no more.
CREATE TABLE protocol_artifact (
  kind text NOT NULL,
  id_hash bytea NOT NULL,
  payload jsonb NOT NULL,
  grant_id text,
  uid text,
  user_code_hash bytea,
  expires_at timestamptz(3) NOT NULL,
  consumed_at timestamptz(3),
  PRIMARY KEY (kind, id_hash)
);
CREATE INDEX ON protocol_artifact (grant_id);
CREATE INDEX ON protocol_artifact (uid);

CREATE TABLE account (
  id uuid PRIMARY KEY,
  username text NOT NULL UNIQUE
);
