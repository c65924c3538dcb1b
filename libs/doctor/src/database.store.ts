import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FullAdministrators } from '@curfew/clients';
import { wallClock } from '@curfew/clock';
import type { Configuration } from '@curfew/config';
import { adminScopeNames } from '@curfew/config/admin-scopes';
import {
  examineAddresses,
  NotHeard,
  PrismaService,
  proveAnnouncements,
  ServerChoice,
  sentenceOfStrangers,
  strangersOn,
} from '@curfew/persistence';
import pg from 'pg';
import { checkServing, checkStandbys } from './failover.store.js';
import { type Finding, fine, noted, wrong } from './finding.js';

interface Facts {
  readonly number: number;
  readonly version: string;
  readonly synchronous: string;
  readonly migrated: boolean;
  readonly now: number;
}

/** Checks in the database that somebody can administer, because without an administrator the admin API cannot be asked. */
export async function checkAdministrators({ database, adminUrl }: Configuration): Promise<Finding> {
  const prisma = new PrismaService(database);
  try {
    return await administratorsIn(prisma, adminUrl);
  } finally {
    await prisma.$disconnect();
  }
}

/** The same over connections that stand. */
export async function administratorsIn(prisma: PrismaService, adminUrl: string): Promise<Finding> {
  try {
    const found = await new FullAdministrators(prisma, {
      audience: adminUrl,
      scopes: adminScopeNames,
    }).list();
    return found.length === 0
      ? wrong(
          'administrators',
          'nobody can administer in full, so some things can never be changed',
          'run node apps/admin-api/dist/bootstrap.js --repair',
        )
      : fine(
          'administrators',
          `${found.length === 100 ? '100 or more' : found.length} can administer in full`,
        );
  } catch {
    return noted('administrators', 'could not be read from the database');
  }
}

/** Looks at the ways to the database: the abilities of a pooler, and whether announcements are heard. */
export async function checkAddresses(configuration: Configuration): Promise<readonly Finding[]> {
  const { database } = configuration;
  try {
    const { faults, notes } = await examineAddresses(database);
    return [
      ...faults.map(({ setting, rule }) => wrong('ways to the database', `${setting} ${rule}`)),
      ...notes.map((sentence) => noted('ways to the database', sentence)),
      ...(faults.length > 0 ? [] : [await checkAnnouncements(database), await checkStrangers(configuration)]),
    ];
  } catch {
    return [
      wrong('ways to the database', 'the database does not answer by DATABASE_URL or DATABASE_DIRECT_URL'),
    ];
  }
}

async function checkAnnouncements(database: Configuration['database']): Promise<Finding> {
  try {
    await proveAnnouncements(database);
    return fine('announcements', 'are heard');
  } catch (error) {
    if (!(error instanceof NotHeard)) throw error;
    return wrong('announcements', error.message);
  }
}

async function checkStrangers(configuration: Configuration): Promise<Finding> {
  const strangers = await strangersOn(configuration);
  return strangers.length === 0
    ? fine('installation', 'no other one uses this database')
    : wrong('installation', `the database ${sentenceOfStrangers(strangers)}`);
}

/** Looks at the database: reachable, new enough, durable, migrated, and how far its clock is from this host's. */
export async function checkDatabase(url: string): Promise<readonly Finding[]> {
  let client: pg.Client;
  try {
    const connectionString = await ServerChoice.of(url).current();
    client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
    client.on('error', () => {}); // a lost connection shows in the query that was running
    await client.connect();
  } catch (error) {
    const { code = 'no answer' } = error as { code?: string };
    return [
      wrong('database', `cannot be reached (${code})`, 'check DATABASE_URL, and whether PostgreSQL runs'),
    ];
  }
  try {
    const asked = wallClock();
    const { rows } = await client.query<Facts>(`
      SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
        current_setting('synchronous_commit') AS synchronous, to_regclass('_prisma_migrations') IS NOT NULL AS migrated,
        (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`);
    const facts = rows[0]!;
    const between = (asked + wallClock()) / 2;
    return [
      versionOf(facts),
      durabilityOf(facts),
      await checkStandbys(client),
      ...(await migrationsOf(client, facts)),
      ...(facts.migrated ? [await checkServing(client)] : []),
      clockOf(facts.now - between),
    ];
  } catch {
    return [wrong('database', 'does not answer as it should', 'look at its log')];
  } finally {
    await client.end().catch(() => {});
  }
}

const versionOf = ({ number, version }: Facts): Finding =>
  number >= 140_000
    ? fine('database', `PostgreSQL ${version}`)
    : wrong('database', `PostgreSQL ${version} is too old`, '14 or newer is needed');

const durabilityOf = ({ synchronous }: Facts): Finding =>
  synchronous === 'off'
    ? wrong(
        'durability',
        'synchronous_commit is off, so an answered end could be lost in a crash',
        'set it to on',
      )
    : fine('durability', `synchronous_commit is ${synchronous}`);

async function migrationsOf(client: pg.Client, { migrated }: Facts): Promise<readonly Finding[]> {
  const folder = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const known = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (!migrated)
    return [
      wrong(
        'migrations',
        'none was applied',
        'start the authorization server, or run npm run prisma -- migrate deploy',
      ),
    ];
  const { rows } = await client.query<{ name: string; finished: boolean }>(
    'SELECT migration_name AS name, finished_at IS NOT NULL AS finished FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  );
  const failed = rows.find(({ finished }) => !finished);
  if (failed)
    return [
      wrong('migrations', `${failed.name} failed`, 'mend the database, then run prisma migrate resolve'),
    ];
  const missing = known.filter((name) => !rows.some((row) => row.name === name));
  if (missing.length > 0)
    return [
      wrong(
        'migrations',
        `${missing.length} not applied, first ${missing.sort()[0]}`,
        'start the authorization server of this version',
      ),
    ];
  const newer = rows.length - known.length;
  return newer > 0
    ? [noted('migrations', `the database is ${newer} migration(s) ahead of this version`)]
    : [fine('migrations', `all ${known.length} applied`)];
}

/** Nodes follow the database's clock, so a difference is compensated; a large one still confuses logs and certificates. */
function clockOf(differenceMs: number): Finding {
  const difference = `${Math.round(differenceMs)} ms between the database and this host`;
  return Math.abs(differenceMs) < 2_000
    ? fine('clock', difference)
    : noted('clock', difference, 'the service follows the database; set both by NTP');
}
