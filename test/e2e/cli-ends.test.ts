import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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

it('reads nothing before an end that nobody is asked about, and names an address as a gateway lets it through', async () => {
  const seen: unknown[] = [];
  const between = createServer((request, response) => {
    const { method, url, headers } = request;
    seen.push([method, url, headers['if-match']]);
    void (async () => {
      const body = Buffer.concat(await request.toArray());
      const answer = await fetch(new URL(url!, world.adminUrl), {
        method: method!,
        headers: {
          authorization: headers.authorization!,
          'content-type': 'application/json',
          'idempotency-key': randomUUID(),
        },
        ...(body.length > 0 ? { body } : {}),
      });
      response.writeHead(answer.status).end(await answer.text());
    })();
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  const env = {
    ...environment(),
    CURFEW_ADMIN_URL: `http://127.0.0.1:${(between.address() as AddressInfo).port}`,
  };
  const { client_id: id } = (
    await world.post('/v1/clients', {
      ...{ client_name: 'Till', grant_types: [deviceGrant], token_endpoint_auth_method: 'none' },
    })
  ).body;
  const done = await curfew(['clients', 'disable', id, '--yes'], env);
  expect([done.code, seen]).toEqual([0, [['POST', `/v1/clients/${id}/disable`, undefined]]]);
  expect((await world.get(`/v1/clients/${id}`)).body.disabled_at).toEqual(expect.any(String));
  const address = 'https://agents.example.test/nobody.json';
  expect((await curfew(['clients', 'show', address], env)).code).toBe(3);
  const inPath = `~${Buffer.from(address).toString('base64url')}`;
  expect(seen.at(-1)).toEqual(['GET', `/v1/clients/${inPath}`, undefined]);
  between.close();
});
