import { randomBytes } from 'node:crypto';
import { type Configuration, ConfigurationError, loadConfiguration } from '@curfew/config';
import { checkAddresses } from '@curfew/doctor';
import {
  DatabaseListener,
  HotStatements,
  nameOfListener,
  requireOwnDatabase,
  strangersOn,
} from '@curfew/persistence';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startServer } from '../support/server.js';

let database: TestDatabase;
const serving: (() => Promise<void>)[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const stop of serving.splice(0)) await stop();
});
afterAll(() => database?.drop());

const secrets = Array.from({ length: 5 }, () => randomBytes(32).toString('hex')) as [string, string, string];
const issuer = 'https://login.example.com';
const settings = (changes: Record<string, string> = {}): Configuration =>
  loadConfiguration({
    DATABASE_URL: database.url,
    CURFEW_ISSUER: issuer,
    CURFEW_KEY_ENCRYPTION_SECRETS: secrets[0],
    ...changes,
  });
const inProduction = (configuration: Configuration): Configuration => ({
  ...configuration,
  mode: 'production',
});

/** Listens on the database as a process with these settings does. */
async function serve(configuration: Configuration): Promise<void> {
  const through = new HotStatements(configuration.database, 1);
  const parts = { url: database.url, through, name: nameOfListener(configuration) };
  const listener = new DatabaseListener(parts, [], { onNotification: () => {} });
  await listener.start();
  serving.push(async () => {
    await listener.stop();
    await through.close();
  });
}

async function refusalOf(configuration: Configuration): Promise<string> {
  try {
    await requireOwnDatabase(configuration, (sentence) => {
      throw new Error(`only noted: ${sentence}`);
    });
  } catch (error) {
    return error instanceof ConfigurationError ? error.message : String(error);
  }
  return 'none';
}

describe('two installations on one database', () => {
  it('are one where issuer and a secret are the same, also while secrets are replaced node by node', async () => {
    await serve(settings());
    await serve(settings({ CURFEW_KEY_ENCRYPTION_SECRETS: `${secrets[1]},${secrets[0]}` }));
    expect(await strangersOn(settings())).toEqual([]);
    expect(await refusalOf(inProduction(settings()))).toBe('none');
  });

  it('are named where the issuer is another one, production does not start, and the doctor says what to do', async () => {
    await serve(settings({ CURFEW_ISSUER: 'https://id.example.org' }));
    const refusal = await refusalOf(inProduction(settings()));
    for (const part of ['DATABASE_URL is used by another', 'another CURFEW_ISSUER', 'a database of its own'])
      expect(refusal).toContain(part);
    const findings = await checkAddresses(settings());
    expect(findings.find(({ what }) => what === 'installation')).toMatchObject({
      state: 'wrong',
      detail: expect.stringContaining('another CURFEW_ISSUER'),
    });
    for (const stop of serving.splice(0)) await stop();
    expect(await refusalOf(inProduction(settings()))).toBe('none');
  });

  it('are named with an address where the role may see it, and otherwise with the fact that it may not', async () => {
    await serve(settings({ CURFEW_ISSUER: 'https://id.example.org' }));
    const role = `looker_${randomBytes(4).toString('hex')}`;
    const password = randomBytes(8).toString('hex');
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
    try {
      const url = new URL(database.url);
      [url.username, url.password] = [role, password];
      const seen = await Promise.all(
        [database.url, url.href].map((DATABASE_URL) => strangersOn(settings({ DATABASE_URL }))),
      );
      expect(seen.map(([stranger]) => stranger?.from)).toEqual([
        expect.stringMatching(/^[0-9a-f.:]+$/),
        'an address that this role may not see',
      ]);
      expect(await strangersOn(settings({ DATABASE_URL: url.href }))).toMatchObject([
        { differsIn: 'CURFEW_ISSUER' },
      ]);
    } finally {
      await database.query(`DROP ROLE ${role}`);
    }
  });

  it('are noted where no secret is shared, which is also how a stolen one is replaced', async () => {
    await serve(settings({ CURFEW_KEY_ENCRYPTION_SECRETS: secrets[1] }));
    const notes: string[] = [];
    await requireOwnDatabase(inProduction(settings()), (sentence) => notes.push(sentence));
    expect(notes).toEqual([expect.stringContaining('another CURFEW_KEY_ENCRYPTION_SECRETS')]);
  });

  it('tell neither issuer nor secrets by their names, which PostgreSQL does not cut off', () => {
    const name = nameOfListener(settings({ CURFEW_KEY_ENCRYPTION_SECRETS: secrets.join(',') }));
    expect(name.length).toBeLessThanOrEqual(63);
    for (const secret of [...secrets, issuer, 'login']) expect(name).not.toContain(secret);
  });

  it('are told by a process that starts beside another one', async () => {
    const first = await startServer({ databaseUrl: database.url });
    const second = await startServer({ databaseUrl: database.url });
    await second.stop();
    await first.stop();
    expect(second.output()).toContain('is used by another installation');
    expect(first.output()).not.toContain('is used by another installation');
  }, 60_000);
});
