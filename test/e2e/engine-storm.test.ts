import { type OwnDatabase, startOwnDatabase } from '../chaos/own-cluster.js';
import { killAtRandom, raceWithSiblings, refreshInParallel } from '../chaos/storm.js';
import { EngineWorld } from './engine-world.js';

// The same as `npm run test:chaos`, in fewer rounds.

let database: OwnDatabase;
let world: EngineWorld;
beforeAll(async () => {
  database = await startOwnDatabase();
  world = await EngineWorld.start({ database, proxied: true });
}, 120_000);
afterAll(() => (world ? world.stop() : database?.drop()), 60_000);

it('20 rounds of 50 parallel refreshes on two processes: one successor each, no 5xx, nobody ended', async () => {
  await refreshInParallel(world, await world.client(), 20);
  await world.check();
}, 120_000);

it('20 rounds of twenty processes that share their tokens: no fork, no 5xx, nobody ended', async () => {
  const client = await world.client({}, { siblings: 'serve', siblingLimit: 1_000 });
  expect(await raceWithSiblings(world, client, 20)).toBeGreaterThan(40);
  await world.check();
}, 120_000);

it('8 kills of servers, backends, the database and commits at random points lose nothing that was acknowledged', async () => {
  const client = await world.client({}, { retryWindow: '60s', retryLimit: 20 });
  const done = await killAtRandom(world, client, database, 8);
  expect(done).toEqual({ server: 2, backend: 2, postmaster: 2, commit: 2 });
}, 180_000);
