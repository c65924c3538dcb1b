import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { ServerChoice } from './server-choice.js';

// Applies prisma/migrations at start. It keeps the same records as `prisma migrate deploy` (same table, same checksum, same lock), so
// either of the two may be used at any time; unlike it, it needs no engine, and a process killed half-way leaves nothing behind.

/** The lock `prisma migrate` takes too: only one of any number of starting nodes applies. */
const prismaMigrateLock = 72707369;

/** How often a node asks for that lock while another one has it, in milliseconds. */
const lockEveryMs = 100;

/**
 * How long a migration waits for a table at a time, in milliseconds, and then lets go of it. Each request for the table waits behind the
 * migration meanwhile, so a long transaction would stop every request if the migration went on waiting.
 */
const tableWaitMs = 1_000;
const lockNotAvailable = '55P03';

const oldestServer = 140_000;

const recordsTable = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;

/** The server is older than PostgreSQL 14. */
export class DatabaseTooOld extends Error {
  override readonly name = 'DatabaseTooOld';
  readonly code = 'database_too_old';

  constructor(version: string) {
    super(`PostgreSQL ${version} is too old: 14 or newer is needed`);
  }
}

/** The database is in a state in which no migration may be applied; the message says what to do. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
  readonly code = 'migration_refused';
}

/** A migration did not go through; it was rolled back. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';
  readonly code = 'migration_failed';

  constructor(
    readonly migration: string,
    cause: unknown,
  ) {
    super(`migration ${migration} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** The folder of the migrations, and a function that is told of each. */
export interface MigrateOptions {
  /** By default prisma/migrations of this product. */
  readonly folder?: string;
  /** How long to wait for another node that is applying, and for a table that a transaction keeps, in milliseconds. */
  readonly waitMs?: number;
  readonly onApplied?: (migration: string) => void;
  /** Told about a migration whose file was changed after it had been applied. */
  readonly onEdited?: (migration: string) => void;
}

/** The result of a run. */
export interface AppliedMigrations {
  readonly applied: readonly string[];
  readonly alreadyThere: number;
}

interface MigrationFile {
  readonly name: string;
  readonly sql: string;
}

interface MigrationRecord {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: string | null;
}

/**
 * Applies every migration that has not been applied yet, in order of name, one node at a time. Rejects with `DatabaseTooOld`,
 * `MigrationRefused` or `MigrationFailed`.
 */
export async function migrate(databaseUrl: string, options: MigrateOptions = {}): Promise<AppliedMigrations> {
  const folder = options.folder ?? fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
  const connectionString = await ServerChoice.of(databaseUrl).current();
  const client = new pg.Client({ connectionString, application_name: 'curfew migrations' });
  client.on('error', () => {}); // whatever is lost shows in the query that was running
  await client.connect();
  try {
    await refuseOldServer(client);
    const waitMs = options.waitMs ?? 60_000;
    await takeLock(client, waitMs);
    return await applyMissing(client, await filesIn(folder), { ...options, waitMs });
  } finally {
    await client.end(); // which gives the lock back
  }
}

/**
 * Asks again and again instead of waiting in one statement: that statement would have a snapshot, and CREATE INDEX CONCURRENTLY of the
 * node that applies waits for everybody who has one (PostgreSQL, "Building Indexes Concurrently"), so the two would wait for each other.
 */
async function takeLock(client: pg.Client, waitMs: number): Promise<void> {
  for (let tries = Math.ceil(waitMs / lockEveryMs); ; tries -= 1) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      prismaMigrateLock,
    ]);
    if (rows[0]!.taken) return;
    if (tries <= 0)
      throw new MigrationRefused(
        `another process has had the lock of the migrations (${prismaMigrateLock} in pg_locks) for ${waitMs / 1000} seconds: wait until it is done, then start again`,
      );
    await pause(lockEveryMs);
  }
}

async function refuseOldServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string }>(
    `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version`,
  );
  if (rows[0]!.number < oldestServer) throw new DatabaseTooOld(rows[0]!.version);
}

async function filesIn(folder: string): Promise<readonly MigrationFile[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  // Order by code unit, as Prisma does, and not by anybody's language.
  return Promise.all(
    names
      .sort()
      .map(async (name) => ({ name, sql: await readFile(`${folder}/${name}/migration.sql`, 'utf8') })),
  );
}

async function applyMissing(
  client: pg.Client,
  files: readonly MigrationFile[],
  options: MigrateOptions & { readonly waitMs: number },
): Promise<AppliedMigrations> {
  const records = await readRecords(client);
  const applied: string[] = [];
  for (const file of files) {
    const record = records.find(({ migration_name }) => migration_name === file.name);
    if (!record) {
      await apply(client, file, options.waitMs);
      applied.push(file.name);
      options.onApplied?.(file.name);
    } else if (!isSameText(file.sql, record.checksum)) options.onEdited?.(file.name);
  }
  return { applied, alreadyThere: files.length - applied.length };
}

async function readRecords(client: pg.Client): Promise<readonly MigrationRecord[]> {
  const { rows: present } = await client.query<{ records: boolean; tables: number }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS records,
            (SELECT count(*) FROM pg_tables WHERE schemaname = current_schema())::int AS tables`,
  );
  const { records, tables } = present[0]!;
  if (!records && tables > 0)
    throw new MigrationRefused(
      'the database is not empty and has no record of migrations (P3005): use an empty database, or baseline it with `prisma migrate resolve --applied`',
    );
  await client.query(recordsTable);
  const { rows } = await client.query<MigrationRecord>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at',
  );
  const failed = rows.find(({ finished_at }) => finished_at === null);
  if (failed)
    throw new MigrationRefused(
      `migration ${failed.migration_name} failed earlier (P3009): mend the database, then run \`prisma migrate resolve\``,
    );
  return rows;
}

/** Script and record in one transaction, unless the script has something in it that PostgreSQL refuses inside of one. */
async function apply(client: pg.Client, { name, sql }: MigrationFile, waitMs: number): Promise<void> {
  const whole = !/\bCONCURRENTLY\b|^\s*(BEGIN|COMMIT|START TRANSACTION)\s*;|\bVACUUM\b/im.test(sql);
  const id = randomUUID();
  for (let tries = Math.ceil(waitMs / (2 * tableWaitMs)); ; tries -= 1) {
    try {
      if (whole) await client.query(`BEGIN; SET LOCAL lock_timeout = ${tableWaitMs}`);
      await record(client, id, { name, sql });
      if (whole) await client.query('COMMIT');
      return;
    } catch (error) {
      await recordFailure(client, id, whole, error);
      const isTableKept = whole && (error as { code?: unknown }).code === lockNotAvailable;
      if (!isTableKept || tries <= 0) throw new MigrationFailed(name, error);
      await pause(tableWaitMs * (0.5 + Math.random()));
    }
  }
}

async function record(client: pg.Client, id: string, { name, sql }: MigrationFile): Promise<void> {
  await client.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)', [
    id,
    checksumOf(sql),
    name,
  ]);
  await client.query(sql);
  await client.query(
    'UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE id = $1',
    [id],
  );
}

async function recordFailure(client: pg.Client, id: string, whole: boolean, error: unknown): Promise<void> {
  try {
    await client.query('ROLLBACK');
    if (!whole)
      await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, String(error)]);
  } catch {
    // The connection is gone, and the server rolls back by itself; the first error is the one to report.
  }
}

const checksumOf = (sql: string): string => createHash('sha256').update(sql).digest('hex');

/** Git may have changed the line ends of a file that has not been edited. */
const isSameText = (sql: string, checksum: string): boolean => {
  const unix = sql.replaceAll('\r\n', '\n');
  return [sql, unix, unix.replaceAll('\n', '\r\n')].some((text) => checksumOf(text) === checksum);
};
