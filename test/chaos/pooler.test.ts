import { setTimeout as pause } from 'node:timers/promises';
import { ClientService } from '@curfew/clients';
import { createVerifier, type Verifier } from '@curfew/resource-server';
import {
  keepsPreparedStatements,
  type Pooler,
  poolerVersion,
  startPooler,
} from '../../scripts/pgbouncer.mjs';
import { type EngineClient, EngineWorld, orders } from '../e2e/engine-world.js';
import { createTestDatabase, databaseAt, type TestDatabase } from '../support/database.js';
import { type DatabaseProxy, proxyTo } from '../support/proxy.js';
import { shortened } from './length.js';
import { refreshInParallel } from './storm.js';

const isNewEnough = keepsPreparedStatements(poolerVersion());
if (!isNewEnough)
  console.warn(
    `PgBouncer of 1.21 or newer is not installed (found: ${poolerVersion()?.join('.') ?? 'none'}; PGBOUNCER_PATH names another one): nothing behind a pooler is tried`,
  );
const rounds = shortened(50);

let direct: TestDatabase;
let pooler: Pooler;
/** Between the nodes' listeners and the database. */
let listening: DatabaseProxy;
let world: EngineWorld;
beforeAll(async () => {
  if (!isNewEnough) return;
  direct = await createTestDatabase();
  await direct.query(
    `ALTER DATABASE "${direct.name}" SET statement_timeout = '5s'; ALTER DATABASE "${direct.name}" SET idle_in_transaction_session_timeout = '10s'`,
  );
  pooler = await startPooler(direct.url, { max_prepared_statements: 200 });
  listening = await proxyTo(direct.url);
  // Tests look at the database itself; the nodes reach it through the pooler.
  world = await EngineWorld.start({
    database: databaseAt(direct.url, direct.name, () => direct.drop()),
    settings: { DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: listening.url },
  });
}, 120_000);
afterAll(async () => {
  await world?.stop();
  await pooler?.stop();
  await listening?.close();
});

(isNewEnough ? describe : describe.skip)('two nodes behind PgBouncer in transaction mode', () => {
  it('rotate without a fork under parallel refreshes', async () => {
    await refreshInParallel(world, await world.client({}, { absoluteLifetime: '24h' }), 40);
    await world.check();
  }, 300_000);

  it(
    'believe no disabled client, and an API no ended session, for longer than three seconds, whether the pooler is restarted or the listening connection falls silent',
    async () => {
      const clients = new ClientService({
        prisma: world.prisma,
        clock: world.clock,
        rules: { allowPrivateAddresses: true },
      });
      const web = await world.client();
      const api = await world.client({
        grant_types: [],
        redirect_uris: [],
        resources: [],
        resource: orders,
      });
      const credentials = { clientId: api.id, clientSecret: api.secret, audience: orders };
      const verifier = createVerifier({ issuer: world.issuer, ...credentials });
      const believedMs = { client: [] as number[], end: [] as number[] };
      try {
        for (let round = 0; round < 2 * rounds; round += 1) {
          const client = await world.client();
          await untilAnswered(client, 'invalid_grant'); // both nodes remember it now
          const tokens = await world.signIn(web);
          await world.until('the API lets the session pass', () => passes(verifier, tokens.access_token));
          if (round % 2 === 0) await pooler.restart();
          else listening.freeze();
          const watched = [
            believed(() => untilDisabled(clients, client)).then((ms) => believedMs.client.push(ms)),
            believed(() => untilEnded(verifier, web, tokens)).then((ms) => believedMs.end.push(ms)),
          ];
          await Promise.all(watched);
          listening.heal();
        }
      } finally {
        await verifier.close();
      }
      const most = { client: Math.max(...believedMs.client), end: Math.max(...believedMs.end) };
      console.log(
        `pooler: ${rounds} restarts and ${rounds} silences; a disabled client was believed for ${Math.round(most.client)} ms at most, an end was not known for ${Math.round(most.end)} ms at most`,
      );
      expect(most.client).toBeLessThan(3_000);
      expect(most.end).toBeLessThan(3_000);
    },
    60_000 + rounds * 60_000,
  );
});

const passes = async (verifier: Verifier, token: string): Promise<boolean> =>
  (await verifier.verify({ headers: { authorization: `Bearer ${token}` } })).kind === 'allowed';

/** How long something that was done was not known; the work answers with the instant at which it was acknowledged. */
const believed = async (work: () => Promise<number>): Promise<number> => {
  const acknowledged = await work();
  return performance.now() - acknowledged;
};

async function untilDisabled(clients: ClientService, client: EngineClient): Promise<number> {
  await clients.disable(client.id);
  const acknowledged = performance.now();
  await untilAnswered(client, 'invalid_client');
  return acknowledged;
}

/** Ends a session at the node that the API does not follow. */
async function untilEnded(
  verifier: Verifier,
  web: EngineClient,
  tokens: { readonly refresh_token: string; readonly access_token: string },
): Promise<number> {
  await world.until(
    'the end is acknowledged',
    async () => (await world.revoke(web, tokens.refresh_token, 1).catch(() => undefined))?.status === 200,
  );
  const acknowledged = performance.now();
  while (await passes(verifier, tokens.access_token)) await pause(10);
  return acknowledged;
}

/** Asks both nodes until each answers so. */
async function untilAnswered(client: EngineClient, error: string): Promise<void> {
  for (const node of [0, 1])
    for (
      let tries = 0;
      (await world.refresh(client, 'cfw_rt_unknown', { node })).body.error !== error;
      tries += 1
    ) {
      if (tries > 500) throw new Error(`node ${node} does not answer ${error}`);
      await pause(20);
    }
}
