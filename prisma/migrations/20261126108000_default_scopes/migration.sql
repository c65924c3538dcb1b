-- Scopes of an API that a request gets which names none (RFC 6749 section 3.3). Versions that do not know the column leave it empty.
ALTER TABLE resource ADD COLUMN default_scopes text[] NOT NULL DEFAULT '{}';
