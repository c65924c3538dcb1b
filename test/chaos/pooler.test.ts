import { setTimeout as pause } from 'node:timers/promises';
import { ClientService } from '@curfew/clients';
import { type EngineClient, EngineWorld } from '../e2e/engine-world.js';
import { createTestDatabase, databaseAt, type TestDatabase } from '../support/database.js';
import { keepsPreparedStatements, type Pooler, poolerVersion, startPooler } from '../support/pooler.js';
import { type DatabaseProxy, proxyTo } from '../support/proxy.js';
import { refreshInParallel } from './storm.js';

const isNewEnough = keepsPreparedStatements(poolerVersion());
if (!isNewEnough)
  console.warn('no PgBouncer of 1.21 or newer is installed: nothing behind a pooler is tried');

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

  it('believe no disabled client for longer than three seconds, whether the pooler is restarted or the listening connection falls silent', async () => {
    const clients = new ClientService({
      prisma: world.prisma,
      clock: world.clock,
      rules: { allowPrivateAddresses: true },
    });
    const believedMs: number[] = [];
    for (let round = 0; round < 50; round += 1) {
      const client = await world.client();
      await untilAnswered(client, 'invalid_grant'); // both nodes remember it now
      if (round % 2 === 0) await pooler.restart();
      else listening.freeze();
      await clients.disable(client.id);
      const began = performance.now();
      await untilAnswered(client, 'invalid_client');
      believedMs.push(performance.now() - began);
      listening.heal();
    }
    console.log(`believed for ${Math.round(Math.max(...believedMs))} ms at most`);
    expect(Math.max(...believedMs)).toBeLessThan(3_000);
  }, 600_000);
});

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
