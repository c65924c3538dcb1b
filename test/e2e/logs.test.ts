import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';

describe('what a process prints, on any Node we support', () => {
  let database: TestDatabase;
  const running: RunningServer[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
  });
  afterAll(async () => database?.drop());

  it.each([
    ['authorization server', 'auth-server', 'CURFEW_AUTH_PORT', 'CURFEW_ISSUER', {}],
    [
      'authorization server of workers',
      'auth-server',
      'CURFEW_AUTH_PORT',
      'CURFEW_ISSUER',
      { CURFEW_WORKERS: '2' },
    ],
    ['admin API', 'admin-api', 'CURFEW_ADMIN_PORT', 'CURFEW_ADMIN_URL', { CURFEW_DEV_FILE: '' }],
  ])(
    'is one JSON object per line: %s',
    async (_, app, portSetting, urlSetting, settings) => {
      const server = await startServer({
        databaseUrl: database.url,
        main: `apps/${app}/dist/main.js`,
        listensAt: { portSetting, urlSetting },
        settings: { CURFEW_LOG_LEVEL: 'info', CURFEW_METRICS_PORT: String(await freePort()), ...settings },
      });
      running.push(server);
      const lines = server.output().split('\n').filter(Boolean);
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(line).toMatch(/^\{.*\}$/);
    },
    60_000,
  );
});
