import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ServerChoice } from '@curfew/persistence';
import pg from 'pg';

/** The database is behind this version; the authorization server, or `prisma migrate deploy`, brings it up to date. */
export class MigrationsMissing extends Error {
  override readonly name = 'MigrationsMissing';

  constructor(missing: readonly string[]) {
    super(
      `the database lacks ${missing.length} migration(s), first ${missing[0]}: start the authorization server of this version, or run prisma migrate deploy`,
    );
  }
}

/** Throws MigrationsMissing if the database lacks a migration that this version knows. Applies nothing. */
export async function requireMigrations(databaseUrl: string): Promise<void> {
  const folder = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
  const entries = await readdir(folder, { withFileTypes: true });
  const known = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const connectionString = await ServerChoice.of(databaseUrl).current();
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // a lost connection shows in the query that was running
  await client.connect();
  try {
    const { rows } = await client.query<{ records: boolean }>(
      `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS records`,
    );
    const applied = rows[0]?.records
      ? (
          await client.query<{ name: string }>(
            'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL',
          )
        ).rows
      : [];
    const missing = known.filter((name) => !applied.some((record) => record.name === name)).sort();
    if (missing.length > 0) throw new MigrationsMissing(missing);
  } finally {
    await client.end();
  }
}
