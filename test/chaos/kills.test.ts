import { EngineWorld } from '../e2e/engine-world.js';
import { type OwnDatabase, startOwnDatabase } from './own-cluster.js';
import { killAtRandom } from './storm.js';

let database: OwnDatabase;
let world: EngineWorld;
beforeAll(async () => {
  database = await startOwnDatabase();
  world = await EngineWorld.start({ database, proxied: true });
}, 120_000);
afterAll(() => (world ? world.stop() : database?.drop()), 60_000);

it('200 kills of servers, backends, the database and commits at random points lose nothing that was acknowledged', async () => {
  const client = await world.client({}, { retryWindow: '60s', retryLimit: 20, absoluteLifetime: '24h' });
  const done = await killAtRandom(world, client, database, 200);
  expect(done).toEqual({ server: 50, backend: 50, postmaster: 50, commit: 50 });
}, 3_600_000);
