import { randomBytes } from 'node:crypto';
import { loadConfiguration } from '@curfew/config';
import { DatabaseListener, examineAddresses, HotStatements, NotHeard } from '@curfew/persistence';
import {
  keepsPreparedStatements,
  type Pooler,
  type PoolerSettings,
  poolerVersion,
  startPooler,
} from '../../scripts/pgbouncer.mjs';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startServer } from '../support/server.js';

const version = poolerVersion();
const isNewEnough = keepsPreparedStatements(version);
if (!isNewEnough)
  console.warn(
    `PgBouncer ${version ? `${version.join('.')} is too old` : 'is not installed'}: what needs 1.21 is skipped`,
  );

let database: TestDatabase;
let direct: string;
const poolers: Pooler[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  direct = database.url;
});
afterEach(async () => {
  await database.query(`ALTER DATABASE "${database.name}" RESET ALL`);
  for (const pooler of poolers.splice(0)) await pooler.stop();
});
afterAll(() => database.drop());

async function pooled(settings: PoolerSettings = {}): Promise<string> {
  const pooler = await startPooler(direct, settings);
  poolers.push(pooler);
  return pooler.url;
}
const configuration = (url: string, directUrl?: string) =>
  loadConfiguration(
    { DATABASE_URL: url, ...(directUrl && { DATABASE_DIRECT_URL: directUrl }) },
    { keys: false },
  ).database;
const giveTimeouts = () =>
  database.query(
    `ALTER DATABASE "${database.name}" SET statement_timeout = '5s'; ALTER DATABASE "${database.name}" SET idle_in_transaction_session_timeout = '10s'`,
  );
const faults = async (...urls: [string, string?]) =>
  (await examineAddresses(configuration(...urls))).faults.map(({ setting, rule }) => `${setting} ${rule}`);

describe('the ways to the database', () => {
  it('are in order where there is no pooler', async () => {
    expect(await examineAddresses(configuration(direct))).toEqual({ faults: [], notes: [] });
  });

  it('must let warnings through, because a commit that no standby confirmed is told by one', async () => {
    await database.query(`ALTER DATABASE "${database.name}" SET client_min_messages = 'error'`);
    expect(await faults(direct)).toEqual([expect.stringContaining('RESET client_min_messages')]);
    await giveTimeouts();
    expect(await faults(direct, direct)).toEqual([expect.stringContaining('RESET client_min_messages')]);
  });

  it('must belong to a role that may write the message with which a transaction waits for its standby', async () => {
    const role = `curfew_role_${randomBytes(6).toString('hex')}`;
    const url = Object.assign(new URL(direct), { username: role, password: role }).href;
    const [declared] = await database.query<{ name: string }>(
      `SELECT oid::regprocedure::text AS name FROM pg_proc WHERE proname = 'pg_logical_emit_message' AND proargtypes[2] = 'text'::regtype`,
    );
    const theFunction = `FUNCTION ${declared?.name}`;
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`);
    try {
      expect(await faults(url)).toEqual([]);
      await database.query(`REVOKE EXECUTE ON ${theFunction} FROM PUBLIC`);
      expect(await faults(url)).toEqual([expect.stringContaining(`GRANT EXECUTE ON ${theFunction} TO`)]);
      await database.query(`GRANT EXECUTE ON ${theFunction} TO ${role}`);
      expect(await faults(url)).toEqual([]);
    } finally {
      await database.query(
        `GRANT EXECUTE ON ${theFunction} TO PUBLIC; DROP OWNED BY ${role}; DROP ROLE ${role}`,
      );
    }
  });
});

// Jest calls a file with skipped tests unfinished, so tests that cannot run here are not declared.
const a = (can: boolean) => ({ describe: can ? describe : () => {}, it: can ? it : () => {} });

a(version !== undefined).describe('a pooler', () => {
  it.each([
    ['refuses', {}],
    ['drops', { ignore_startup_parameters: 'statement_timeout,idle_in_transaction_session_timeout' }],
  ])('that %s start-up parameters is named where nobody said that it is one', async (does, settings) => {
    expect(await faults(await pooled(settings))).toEqual([
      expect.stringMatching(new RegExp(`^DATABASE_DIRECT_URL must be set, because .* ${does} start-up`)),
    ]);
  });

  it('that nobody declared is named by the server that does not start behind it', async () => {
    await expect(startServer({ databaseUrl: await pooled() })).rejects.toThrow(
      'DATABASE_DIRECT_URL must be set, because DATABASE_URL leads to a pooler that refuses start-up',
    );
  }, 60_000);

  it('in session mode is worth a note: its connections are those of the server', async () => {
    await giveTimeouts();
    const found = await examineAddresses(configuration(await pooled({ pool_mode: 'session' }), direct));
    expect(found.faults).toEqual([]);
    expect(found.notes).toEqual([expect.stringContaining('transaction mode')]);
  });

  it('without timeouts of the role is named with the statement that gives them', async () => {
    expect(await faults(await pooled({ pool_mode: 'session' }), direct)).toEqual([
      expect.stringContaining("ALTER ROLE … SET statement_timeout = '5000ms'"),
      expect.stringContaining("ALTER ROLE … SET idle_in_transaction_session_timeout = '10000ms'"),
    ]);
  });

  a(isNewEnough).it('that has one connection for everybody is named', async () => {
    await giveTimeouts();
    expect(await faults(await pooled({ default_pool_size: 1 }), direct)).toEqual([
      expect.stringContaining('at least two'),
    ]);
  });

  it('that forgets prepared statements is named with the version that keeps them', async () => {
    await giveTimeouts();
    const settings: PoolerSettings = isNewEnough ? { max_prepared_statements: 0 } : {};
    expect(await faults(await pooled(settings), direct)).toEqual([expect.stringContaining('1.21')]);
  });

  it('is no way for announcements: LISTEN is accepted there, and nothing is heard', async () => {
    const url = await pooled();
    const hot = new HotStatements(configuration(direct), 1);
    const listener = new DatabaseListener({ url, through: hot }, ['any'], { onNotification: () => {} });
    try {
      await expect(listener.start()).rejects.toThrow(NotHeard);
    } finally {
      await listener.stop();
      await hot.close();
    }
  });

  a(isNewEnough).it('of a new version in transaction mode is in order', async () => {
    await giveTimeouts();
    const url = await pooled({ max_prepared_statements: 100 });
    expect(await examineAddresses(configuration(url, direct))).toEqual({ faults: [], notes: [] });
  });
});
