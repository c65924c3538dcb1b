-- The tables an oidc-provider adapter for Prisma needs: one for everything the protocol stores, one for people. The indexes are
-- those the adapter's queries need, and no more.
CREATE TABLE oidc_model (
  id text NOT NULL,
  kind text NOT NULL,
  payload jsonb NOT NULL,
  grant_id text,
  uid text,
  expires_at timestamptz(3),
  consumed_at timestamptz(3),
  PRIMARY KEY (id, kind)
);
CREATE INDEX ON oidc_model (grant_id);
CREATE INDEX ON oidc_model (uid);

CREATE TABLE person (
  id text PRIMARY KEY,
  username text NOT NULL UNIQUE
);
