import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MigrationFailed, MigrationRefused, migrate } from '@curfew/persistence';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { releaseRecords } from '../support/release-record.js';

const run = promisify(execFile);
const shipped = path.resolve('prisma/migrations');

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await createTestDatabase({ template: false });
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-migrations-'));
});
afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** The Prisma CLI, as a person would run it. */
const prisma = (...values: string[]): Promise<string> => prismaAt({ DATABASE_URL: database.url }, ...values);
async function prismaAt(addresses: Record<string, string>, ...values: string[]): Promise<string> {
  const env = { ...process.env, DATABASE_DIRECT_URL: '', ...addresses };
  return run(process.execPath, ['scripts/prisma.mjs', ...values], { env }).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
  );
}

/** Everything in the catalogue that a migration may make. */
const structure = () =>
  database.query(
    `SELECT c.relname, c.relkind, c.reloptions, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, pg_get_expr(d.adbin, d.adrelid) AS preset
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1, 4`,
  );
const records = () =>
  database.query<{
    migration_name: string;
    checksum: string;
    finished: boolean;
    steps: number;
    logs: string | null;
  }>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished, applied_steps_count AS steps, logs
       FROM _prisma_migrations ORDER BY started_at`,
  );

async function addMigration(name: string, sql: string): Promise<void> {
  await mkdir(path.join(folder, name), { recursive: true });
  await writeFile(path.join(folder, name, 'migration.sql'), sql);
}
async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('the migrations runner and prisma migrate deploy', () => {
  it('leave the same structure and the same records, and each takes the work of the other for done', async () => {
    const { applied, alreadyThere } = await migrate(database.url);
    expect(applied.length).toBeGreaterThan(0);
    expect(alreadyThere).toBe(0);
    const ours = { structure: await structure(), records: await records() };
    expect(await prisma('migrate', 'deploy')).toContain('No pending migrations to apply');
    expect(await prisma('migrate', 'status')).toContain('Database schema is up to date');

    const other = await createTestDatabase({ template: false });
    await database.drop();
    database = other;
    expect(await prisma('migrate', 'deploy')).toContain('All migrations have been successfully applied');
    expect({ structure: await structure(), records: await records() }).toEqual(ours);
    expect(await migrate(database.url)).toEqual({ applied: [], alreadyThere: applied.length });
  }, 60_000);

  it('go to the server itself where DATABASE_URL is a pooler', async () => {
    const addresses = {
      DATABASE_URL: 'postgres://nobody@localhost:1/nothing',
      DATABASE_DIRECT_URL: database.url,
    };
    expect(await prismaAt(addresses, 'migrate', 'deploy')).toContain('have been successfully applied');
    expect((await migrate(database.url)).applied).toEqual([]);
  }, 60_000);

  it('leave no difference between the migrations and the Prisma schema', async () => {
    await migrate(database.url);
    const difference = await prisma(
      ...[
        'migrate',
        'diff',
        '--from-config-datasource',
        '--to-schema',
        'prisma/schema.prisma',
        '--exit-code',
      ],
    );
    expect(difference).toContain('No difference detected');
  }, 60_000);

  it('continue where the other stopped', async () => {
    await cp(shipped, folder, { recursive: true });
    await prisma('migrate', 'deploy');
    await addMigration('29990101000000_later', 'CREATE TABLE "later" ("id" INTEGER PRIMARY KEY);');
    expect((await migrate(database.url, { folder })).applied).toEqual(['29990101000000_later']);
    expect((await records()).at(-1)).toMatchObject({
      migration_name: '29990101000000_later',
      finished: true,
      steps: 1,
    });
  }, 60_000);
});

describe('the migrations runner', () => {
  it('lets one of several starting nodes apply, and the others find it done', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => migrate(database.url)));
    expect(outcomes.map(({ applied }) => applied.length > 0).filter(Boolean)).toHaveLength(1);
  });

  it('leaves nothing of a migration that fails, says which and why, and tries again next time', async () => {
    await addMigration('1_good', 'CREATE TABLE "good" ("id" INTEGER);');
    await addMigration('2_bad', 'CREATE TABLE "half" ("id" INTEGER); SELECT 1 / 0;');
    await addMigration('3_never', 'CREATE TABLE "never" ("id" INTEGER);');
    const error = await thrownBy(migrate(database.url, { folder }));
    expect(error).toBeInstanceOf(MigrationFailed);
    expect(String(error)).toMatch(/2_bad.*division by zero/);
    expect((await records()).map(({ migration_name }) => migration_name)).toEqual(['1_good']);
    expect(await database.query(`SELECT to_regclass('half') AS half, to_regclass('never') AS never`)).toEqual(
      [{ half: null, never: null }],
    );
    await addMigration('2_bad', 'CREATE TABLE "half" ("id" INTEGER);');
    expect((await migrate(database.url, { folder })).applied).toEqual(['2_bad', '3_never']);
  });

  it('leaves nothing behind when its connection is lost half-way', async () => {
    await addMigration(
      '1_lost',
      'CREATE TABLE "lost" ("id" INTEGER); SELECT pg_terminate_backend(pg_backend_pid());',
    );
    expect(await thrownBy(migrate(database.url, { folder }))).toBeInstanceOf(MigrationFailed);
    await addMigration('1_lost', 'CREATE TABLE "lost" ("id" INTEGER);');
    expect((await migrate(database.url, { folder })).applied).toEqual(['1_lost']);
  });

  it('runs what cannot run in a transaction, and then refuses to go on after a failure, as prisma does', async () => {
    await addMigration('1_table', 'CREATE TABLE "big" ("id" INTEGER);');
    await addMigration('2_index', 'CREATE INDEX CONCURRENTLY "big_id" ON "big" ("id");');
    await migrate(database.url, { folder });
    await addMigration('3_index', 'CREATE INDEX CONCURRENTLY "big_id" ON "big" ("id");');
    expect(await thrownBy(migrate(database.url, { folder }))).toBeInstanceOf(MigrationFailed);
    expect((await records()).at(-1)).toMatchObject({ migration_name: '3_index', finished: false });
    const refused = await thrownBy(migrate(database.url, { folder }));
    expect(refused).toBeInstanceOf(MigrationRefused);
    expect(String(refused)).toMatch(/3_index.*P3009/);
  });

  it('makes an index beside requests while other nodes wait for their turn', async () => {
    await addMigration(
      '1_table',
      'CREATE TABLE "big" ("id" INTEGER); INSERT INTO "big" SELECT generate_series(1, 100000);',
    );
    await migrate(database.url, { folder });
    await addMigration('2_index', 'CREATE INDEX CONCURRENTLY "big_id" ON "big" ("id");');
    const results = await Promise.all(Array.from({ length: 8 }, () => migrate(database.url, { folder })));
    expect(results.flatMap(({ applied }) => applied)).toEqual(['2_index']);
    expect(
      await database.query(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'big_id'::regclass`),
    ).toEqual([{ indisvalid: true }]);
  });

  it('lets requests at a table while it waits for a transaction that keeps the table', async () => {
    await addMigration('1_table', 'CREATE TABLE "kept" ("id" INTEGER);');
    await migrate(database.url, { folder });
    await addMigration('2_column', 'ALTER TABLE "kept" ADD COLUMN "name" TEXT;');
    const keeper = new pg.Client({ connectionString: database.url });
    await keeper.connect();
    await keeper.query('BEGIN; SELECT 1 FROM "kept"');
    let isApplied = false;
    const applying = migrate(database.url, { folder }).then((result) => {
      isApplied = true;
      return result;
    });
    const waits = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'curfew migrations' AND wait_event_type = 'Lock' AND datname = current_database()`;
    for (let turn = 0; turn < 2; turn += 1) {
      while ((await database.query(waits)).length === 0) await pause(10);
      // This one stands behind the migration, which gives way long before its statement would be cut.
      await database.query('SELECT 1 FROM "kept"');
    }
    expect(isApplied).toBe(false);
    await keeper.end();
    expect((await applying).applied).toEqual(['2_column']);
  }, 30_000);

  it('names the table that a transaction kept for too long, and leaves nothing half done', async () => {
    await addMigration('1_table', 'CREATE TABLE "kept" ("id" INTEGER);');
    await migrate(database.url, { folder });
    await addMigration(
      '2_column',
      'CREATE TABLE "other" ("id" INTEGER); ALTER TABLE "kept" ADD COLUMN "name" TEXT;',
    );
    const keeper = new pg.Client({ connectionString: database.url });
    await keeper.connect();
    await keeper.query('BEGIN; SELECT 1 FROM "kept"');
    const failed = await thrownBy(migrate(database.url, { folder, waitMs: 100 }));
    await keeper.end();
    expect(failed).toBeInstanceOf(MigrationFailed);
    expect(String(failed)).toMatch(/2_column failed: .*lock timeout/);
    expect((await migrate(database.url, { folder })).applied).toEqual(['2_column']);
  }, 30_000);

  it('refuses a database that is not empty and knows of no migrations', async () => {
    await database.query('CREATE TABLE "somebody_elses" ("id" INTEGER)');
    const refused = await thrownBy(migrate(database.url));
    expect(refused).toBeInstanceOf(MigrationRefused);
    expect(String(refused)).toContain('P3005');
    expect(await prisma('migrate', 'deploy')).toContain('P3005');
  }, 60_000);

  it('tells about a migration that was edited, but not about line ends that were changed', async () => {
    await addMigration('1_text', 'CREATE TABLE "one" (\n"id" INTEGER);\n');
    await migrate(database.url, { folder });
    const edited: string[] = [];
    const options = { folder, onEdited: (name: string) => edited.push(name) };
    await addMigration('1_text', 'CREATE TABLE "one" (\r\n"id" INTEGER);\r\n');
    await migrate(database.url, options);
    expect(edited).toEqual([]);
    await addMigration('1_text', 'CREATE TABLE "two" (\n"id" INTEGER);\n');
    await migrate(database.url, options);
    expect(edited).toEqual(['1_text']);
  });

  it('does not wait for ever for a node that holds the lock', async () => {
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock(72707369)');
    const refused = await thrownBy(migrate(database.url, { waitMs: 100 }));
    expect(refused).toBeInstanceOf(MigrationRefused);
    expect(String(refused)).toMatch(/another process .*72707369.* for 0\.1 seconds/);
    await holder.end();
    await migrate(database.url);
  });

  it('makes exactly one row of service state and no first-run data', async () => {
    await migrate(database.url);
    expect(await database.query('SELECT "id", "epoch" FROM "service_state"')).toEqual([{ id: 1, epoch: 1 }]);
    expect(await database.query('SELECT 1 FROM "account" UNION ALL SELECT 1 FROM "client"')).toEqual([]);
    expect(await readFile(path.join(shipped, 'migration_lock.toml'), 'utf8')).toContain('postgresql');
  });
});

describe('the newest structure', () => {
  it.each(releaseRecords().map(({ version, statements }) => [version, statements] as const))(
    'understands every statement of version %s',
    async (_, statements) => {
      await migrate(database.url);
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      const faults: string[] = [];
      for (const [index, statement] of statements.entries())
        await client
          .query(`PREPARE s${index} AS ${statement}`)
          .catch((error: Error) => faults.push(`${error.message}: ${statement}`));
      await client.end();
      expect(statements.length).toBeGreaterThan(40);
      expect(faults).toEqual([]);
    },
  );
});
