-- The one row a session needs, and nothing else: what changes at a refresh stands together and carries no index.
CREATE TABLE floor_session (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL,
  claims jsonb NOT NULL,
  ended_at timestamptz(3),
  generation int NOT NULL DEFAULT 0,
  expires_at timestamptz(3) NOT NULL,
  rotated_at timestamptz(3),
  token_hash bytea NOT NULL,
  successor_seal bytea
) WITH (fillfactor = 80);
