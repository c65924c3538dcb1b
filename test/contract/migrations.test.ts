import { readdirSync, readFileSync } from 'node:fs';
import { migrationsNow, releaseRecords } from '../support/release-record.js';

/** Statements over which a version that does not know a migration may stumble, if their table was there before. */
const breaking: readonly (readonly [RegExp, string])[] = [
  [/\bDROP\s+(TABLE|COLUMN|VIEW|FUNCTION|TYPE|SCHEMA)\b/i, 'takes away what an older version asks for'],
  [/\bRENAME\b/i, 'renames what an older version asks for'],
  [/\bALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE\b/i, 'changes the type of what an older version reads'],
  [/\bSET\s+NOT\s+NULL\b/i, 'refuses what an older version leaves out'],
  [
    /\bADD\s+COLUMN\b(?![^;,]*\bDEFAULT\b)[^;,]*\bNOT\s+NULL\b/i,
    'wants a column that an older version does not write',
  ],
  [
    /\bADD\s+(CONSTRAINT\b[^;]*\b)?(CHECK|UNIQUE|EXCLUDE|FOREIGN\s+KEY)\b/i,
    'may refuse what an older version writes',
  ],
  [/\bCREATE\s+UNIQUE\s+INDEX\b/i, 'may refuse what an older version writes'],
  [/\b(TRUNCATE|DELETE\s+FROM)\b/i, 'takes away what an older version wrote'],
];

/** A migration statement by statement, without comments and without the bodies of functions. */
const statementsOf = (sql: string): string[] =>
  sql
    .replaceAll(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''")
    .replaceAll(/--.*$/gm, '')
    .split(';')
    .map((statement) => statement.replaceAll(/\s+/g, ' ').trim())
    .filter(Boolean);

const tableOf = (statement: string): string | undefined =>
  /\b(?:TABLE(?: IF EXISTS| ONLY)*|ON|FROM|TRUNCATE) "?(\w+)"?/i.exec(statement)?.[1];

const tablesMadeBy = (statements: readonly string[]): ReadonlySet<string> =>
  new Set(statements.flatMap((one) => /^CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?/i.exec(one)?.[1] ?? []));

/** The faults of a migration for a version before it. No older version knows the tables that the migration itself creates. */
function faultsOf(sql: string): string[] {
  const statements = statementsOf(sql);
  const made = tablesMadeBy(statements);
  return statements
    .filter((one) => !made.has(tableOf(one) ?? ''))
    .flatMap((one) => breaking.filter(([pattern]) => pattern.test(one)).map(([, why]) => `${why}: ${one}`));
}

/** An index on a table that was there before keeps everybody from writing to it until it is made, unless it is made CONCURRENTLY. */
function slowIndexesOf(sql: string): string[] {
  const statements = statementsOf(sql);
  const isAlone = statements.length === 1;
  const made = tablesMadeBy(statements);
  return statements.filter(
    (one) =>
      /^CREATE (UNIQUE )?INDEX\b/i.test(one) &&
      !made.has(tableOf(one) ?? '') &&
      !(isAlone && /\bCONCURRENTLY\b/i.test(one)),
  );
}

/** The rule of indexes came after this migration; those before it are part of databases and are not written anew. */
const lastWithPlainIndexes = '20261129120000_transmitters';

const decision = () => {
  const [name] = readdirSync('docs/adr').filter((file) => file.endsWith('-older-versions-live-on.md'));
  return readFileSync(`docs/adr/${name}`, 'utf8');
};

describe('a migration', () => {
  const records = releaseRecords();
  const later = migrationsNow().filter((name) => !records.at(-1)!.migrations.includes(name));

  it('of a recorded version is never taken out, nor another put between', () => {
    for (const { version, migrations } of records)
      expect([version, migrationsNow().slice(0, migrations.length)]).toEqual([version, migrations]);
  });

  it('that came later lets the version before it go on, or a decision says since when that is over', () => {
    const breaks = later
      .filter((name) => !decision().includes(name))
      .flatMap((name) => faultsOf(readFileSync(`prisma/migrations/${name}/migration.sql`, 'utf8')));
    expect(breaks).toEqual([]);
  });

  it('that came later makes an index on a table that is there beside requests, and alone in its migration', () => {
    const slow = later
      .filter((name) => name > lastWithPlainIndexes)
      .flatMap((name) => slowIndexesOf(readFileSync(`prisma/migrations/${name}/migration.sql`, 'utf8')));
    expect(slow).toEqual([]);
  });

  it.each([
    ['CREATE INDEX "by_name" ON "client"("name");', 1],
    ['CREATE INDEX CONCURRENTLY "by_name" ON "client"("name");', 0],
    [
      'ALTER TABLE "client" ADD COLUMN "kind" TEXT; CREATE INDEX CONCURRENTLY "by_kind" ON "client"("kind");',
      1,
    ],
    ['CREATE TABLE "thing" ("id" UUID NOT NULL); CREATE INDEX "one" ON "thing"("id");', 0],
  ])('that says %s has %i indexes that keep requests waiting', (sql, count) => {
    expect(slowIndexesOf(sql)).toHaveLength(count);
  });

  it.each([
    ['DROP TABLE "event";', 'takes away'],
    ['ALTER TABLE "event" DROP COLUMN "at";', 'takes away'],
    ['ALTER TABLE event_by_month RENAME TO event;', 'renames'],
    ['ALTER TABLE "client" ALTER COLUMN "version" TYPE BIGINT;', 'changes the type'],
    ['ALTER TABLE "client" ALTER COLUMN "resource" SET NOT NULL;', 'refuses what'],
    ['ALTER TABLE "client" ADD COLUMN "kind" TEXT NOT NULL;', 'wants a column'],
    ['ALTER TABLE "client" ADD CONSTRAINT "named" CHECK (name <> \'\');', 'may refuse'],
    ['CREATE UNIQUE INDEX "by_name" ON "client"("name");', 'may refuse'],
    ['DELETE FROM "throttle";', 'takes away'],
  ])('that says %s is found', (sql, why) => {
    expect(faultsOf(sql)).toEqual([expect.stringContaining(why)]);
  });

  it.each([
    'ALTER TABLE "client" ADD COLUMN "kind" TEXT;',
    'ALTER TABLE "client" ADD COLUMN "kind" TEXT NOT NULL DEFAULT \'web\';',
    'CREATE TABLE "thing" ("id" UUID NOT NULL); CREATE UNIQUE INDEX "one" ON "thing"("id");',
    'CREATE INDEX "by_name" ON "client"("name"); DROP INDEX "by_id";',
    'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM thing; END $$;',
    '-- DROP TABLE "event";',
  ])('that says %s is none of those', (sql) => expect(faultsOf(sql)).toEqual([]));
});
