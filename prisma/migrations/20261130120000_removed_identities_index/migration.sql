-- Alone in its migration, because it is made beside requests and so in no transaction (ADR 28).
CREATE INDEX CONCURRENTLY "removed_identity_issuer_subject_idx" ON "removed_identity" ("issuer", "subject");
