import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** The record that a version of this product leaves for those that come after it (docs/adr: migrations that older versions survive). */
export interface ReleaseRecord {
  readonly version: string;
  /** The migrations it came with. */
  readonly migrations: readonly string[];
  /** The statements of its servers, to the letter. */
  readonly statements: readonly string[];
}

const folder = 'test/fixtures/releases';

/** Every record, the oldest first. */
export const releaseRecords = (): readonly ReleaseRecord[] =>
  readdirSync(folder)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as ReleaseRecord);

/** The migrations that are there now, in the order they are applied. */
export const migrationsNow = (): readonly string[] =>
  readdirSync('prisma/migrations', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

/** Writes the record of the version in package.json: `CURFEW_RECORD_RELEASE=1` with the test that counts statements. */
export function writeReleaseRecord(asked: Iterable<string>): void {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const isOurs = (one: string) =>
    /^(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(one) && /\bFROM\b|\bINTO\b|\bUPDATE\b/i.test(one);
  const statements = [...new Set(asked)]
    .filter((one) => isOurs(one) && !one.includes('_prisma_migrations'))
    .sort();
  const record: ReleaseRecord = { version, migrations: migrationsNow(), statements };
  writeFileSync(`${folder}/${version}.json`, `${JSON.stringify(record, null, 2)}\n`);
}
