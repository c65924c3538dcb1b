import { Prisma } from '@curfew/persistence';

/**
 * Records ids of proofs and assertions, each of which may be used once, as rows of a kind, a hash and an instant until which it is remembered.
 * A record that may be forgotten at `now` gives way to a new one. The statement returns the rows that were recorded.
 */
export const recordOnce = (rows: Prisma.Sql, now: Prisma.Sql): Prisma.Sql => Prisma.sql`
  INSERT INTO protocol_artifact (kind, id_hash, payload, expires_at)
  SELECT o.kind, o.id_hash, ''::bytea, o.remembered_until FROM (${rows}) AS o(kind, id_hash, remembered_until) ORDER BY o.kind, o.id_hash
  ON CONFLICT (kind, id_hash) DO UPDATE SET expires_at = excluded.expires_at WHERE protocol_artifact.expires_at <= ${now}
  RETURNING kind, id_hash`;

/** As `recordOnce`, as the text of a prepared statement. */
export const recordOnceText = (rows: string, now: string): string =>
  recordOnce(Prisma.raw(rows), Prisma.raw(now)).sql;
