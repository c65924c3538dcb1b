import { randomBytes } from 'node:crypto';
import { type DatabaseConfiguration, loadConfiguration } from '@curfew/config';
import { PrismaService } from '@curfew/persistence';
import pg from 'pg';

/** A database of a test file's own, migrated and empty. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** The configuration that the product would read from the environment; other settings by their names, such as CURFEW_DATABASE_POOL_SIZE. */
  configuration(settings?: Readonly<Record<string, string>>): DatabaseConfiguration;
  /** A client that is closed together with the database. */
  prisma(settings?: Readonly<Record<string, string>>): PrismaService;
  /** Rows of a statement, past everything the product puts around the driver. */
  query<Row extends object = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /** Closes every client of ours and drops the database. */
  drop(): Promise<void>;
}

const setting = (name: string): string => {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set: run this test in a jest project that starts the test cluster`);
  return value;
};

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: setting('TEST_SERVER_URL') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Copies the migrated template; drop the copy in `afterAll`. With `template: false` the database has no tables at all. */
export async function createTestDatabase({ template = true } = {}): Promise<TestDatabase> {
  const name = `curfew_test_${randomBytes(6).toString('hex')}`;
  await onServer(`CREATE DATABASE "${name}"${template ? ` TEMPLATE "${setting('TEST_TEMPLATE')}"` : ''}`);
  const address = new URL(setting('TEST_SERVER_URL'));
  address.pathname = `/${name}`;
  return databaseAt(address.href, name, () => onServer(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`));
}

/** A migrated database wherever it is; `remove` takes it away when every client of ours is closed. */
export function databaseAt(url: string, name: string, remove: () => Promise<void>): TestDatabase {
  const pool = new pg.Pool({ connectionString: url, max: 3 });
  pool.on('error', () => {}); // tests cut connections on purpose
  const clients: PrismaService[] = [];
  const configuration: TestDatabase['configuration'] = (settings = {}) =>
    loadConfiguration({ DATABASE_URL: url, ...settings }, { keys: false }).database;
  return {
    name,
    url,
    configuration,
    prisma(settings) {
      const client = new PrismaService(configuration(settings));
      clients.push(client);
      return client;
    },
    async query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
      return (await pool.query(sql, [...values])).rows as Row[];
    },
    async drop() {
      await Promise.allSettled(clients.map((client) => client.$disconnect()));
      await pool.end().catch(() => {});
      await remove();
    },
  };
}

/** Fails with every promise that the database can see broken; call it after each test that touches the database. */
export async function assertInvariants(database: Pick<TestDatabase, 'query'>): Promise<void> {
  expect(await database.query('SELECT * FROM assert_invariants()')).toEqual([]);
}
