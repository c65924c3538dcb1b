import { assertInvariants } from '../support/database.js';
import { AdminWorld, deviceGrant } from './admin-world.js';
import { runCommandLine } from './command-line.js';

let world: AdminWorld;

beforeAll(async () => {
  world = await AdminWorld.start();
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(() => world?.stop());

const environment = () => ({
  PATH: process.env['PATH'] ?? '',
  DATABASE_URL: world.database.url,
  CURFEW_ISSUER: world.server.issuer,
  CURFEW_ADMIN_URL: world.adminUrl,
  CURFEW_KEY_ENCRYPTION_SECRETS: world.server.environment['CURFEW_KEY_ENCRYPTION_SECRETS']!,
});

/** Runs the command line as a script would. */
const curfew = (args: readonly string[], env: Record<string, string>) =>
  runCommandLine(['--dev-file', world.server.environment['CURFEW_DEV_FILE']!, ...args], env, '');

it('an end that nobody is asked about needs no scope to read, and an address is named as a gateway lets it through', async () => {
  const narrow = await world.post('/v1/clients', {
    ...{ client_name: 'Emergency', grant_types: ['client_credentials'], scope: 'clients:write' },
    ...{ resources: [world.adminUrl], token_endpoint_auth_method: 'client_secret_basic' },
  });
  expect(narrow.status).toBe(201);
  const env = {
    ...environment(),
    CURFEW_CLI_CLIENT_ID: narrow.body.client_id,
    CURFEW_CLI_CLIENT_SECRET: narrow.body.client_secret,
  };
  const till = await world.post('/v1/clients', {
    ...{ client_name: 'Till', grant_types: [deviceGrant], token_endpoint_auth_method: 'none' },
  });
  const id: string = till.body.client_id;
  expect((await curfew(['clients', 'show', id], env)).code).toBe(4);
  const done = await curfew(['clients', 'disable', id, '--yes'], env);
  expect([done.code, done.err]).toEqual([0, '']);
  expect((await world.get(`/v1/clients/${id}`)).body.disabled_at).toEqual(expect.any(String));
  // The path is shown to whoever typed the address.
  const unknown = await curfew(['clients', 'show', 'https://agents.example.test/nobody.json'], environment());
  expect([unknown.code, unknown.err]).toEqual([3, expect.stringContaining('"~')]);
});
