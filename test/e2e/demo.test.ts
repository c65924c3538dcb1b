import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';

let database: TestDatabase;
let server: RunningServer;
let gateway: RunningGateway;

beforeAll(async () => {
  database = await createTestDatabase();
  const port = String(await freePort());
  server = await startServer({
    databaseUrl: database.url,
    settings: {
      CURFEW_CALLBACK_PORT: String(await freePort()),
      CURFEW_GATEWAY_URL: `http://localhost:${port}`,
    },
  });
  gateway = await startGateway(server, { CURFEW_GATEWAY_PORT: port });
}, 60_000);
afterAll(async () => {
  await gateway?.stop();
  await server?.stop();
  await database?.drop();
});

it('shows how soon a token that was given back is denied, at an API and at the gateway', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['apps/demo/dist/enforcement.js'], {
    env: { ...process.env, CURFEW_DEV_FILE: server.environment['CURFEW_DEV_FILE'] },
  });
  const rounds = stdout.trim().split('\n');
  expect(rounds).toHaveLength(5);
  for (const round of rounds)
    expect(round).toMatch(
      /^\d\. let pass before: 200, 200; denied by the API after [\d.]+ ms, by the gateway after [\d.]+ ms$/,
    );
}, 60_000);
