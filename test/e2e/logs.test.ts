import { setTimeout as pause } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { failExactlyAt } from '../support/faults.js';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';
import { pkce } from './protocol-world.js';

/** The lines that have been printed whole; the last one may still be under way. */
const wholeLines = (server: RunningServer): string[] =>
  server.output().split('\n').slice(0, -1).filter(Boolean);

describe('what a process prints, on any Node we support', () => {
  let database: TestDatabase;
  const running: RunningServer[] = [];
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
    await database?.drop();
  });

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
      // The output of workers comes by way of their primary, so that the server may be ready a moment earlier.
      while (wholeLines(server).length === 0) await pause(20);
      for (const line of wholeLines(server)) expect(line).toMatch(/^\{.*\}$/);
    },
    60_000,
  );

  it('says what was asked, also where the browser left while its sign-in was written', async () => {
    const server = await startServer({
      databaseUrl: database.url,
      settings: { CURFEW_LOG_LEVEL: 'info' },
    });
    running.push(server);
    const { clients, accounts } = await server.firstRunData();
    const { client_id, redirect_uris } = clients.spa;
    const asked = { client_id, redirect_uri: redirect_uris[0]!, response_type: 'code', scope: 'openid' };
    const code = { code_challenge: pkce().challenge, code_challenge_method: 'S256' };
    const query = new URLSearchParams({ ...asked, ...code });
    const begun = await fetch(`${server.issuer}/authorize?${query}`, { headers: { accept: 'text/html' } });
    const shown = await begun.text();
    const page = new URL(/action="([^"]+)"/.exec(shown)![1]!, server.issuer);
    const cookie = begun.headers
      .getSetCookie()
      .filter((line) => line.includes(`path=${page.pathname}`))
      .map((line) => line.split(';')[0])
      .join('; ');
    const csrf = /name="csrf" value="([^"]+)"/.exec(shown)![1]!;
    const place = { table: 'browser_session', operation: 'INSERT', timing: 'before', times: 1 } as const;
    const barrier = await failExactlyAt(database, place, { kind: 'barrier' });
    const leaving = new AbortController();
    const answer = fetch(page, {
      method: 'POST',
      body: new URLSearchParams({ csrf, ...accounts[0]! }),
      headers: { cookie, accept: 'text/html', origin: server.issuer },
      signal: leaving.signal,
    });
    const gone = expect(answer).rejects.toThrow('aborted');
    await barrier.arrived(1);
    leaving.abort();
    await gone;
    // Others may have left as well, say a look at the health door that took too long on a busy machine.
    const left = () =>
      wholeLines(server)
        .map((line) => JSON.parse(line))
        .find(({ aborted, method }) => aborted === true && method === 'POST');
    while (!left()) await pause(20);
    await barrier.open();
    await barrier.remove();
    expect(left()).toMatchObject({ method: 'POST', path: '/interaction/…' });
  }, 60_000);
});
