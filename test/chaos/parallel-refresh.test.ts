import { EngineWorld } from '../e2e/engine-world.js';
import { raceWithSiblings, refreshInParallel } from './storm.js';

let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.start();
}, 90_000);
afterAll(() => world?.stop());

it('500 rounds of 50 parallel refreshes on two processes: one successor each, no 5xx, nobody ended', async () => {
  await refreshInParallel(world, await world.client({}, { absoluteLifetime: '24h' }), 500);
  await world.check();
}, 1_800_000);

it('100,000 mixed races of twenty processes that share their tokens: no fork, no 5xx, nobody ended', async () => {
  const client = await world.client({}, { absoluteLifetime: '24h', siblings: 'serve', siblingLimit: 1_000 });
  expect(await raceWithSiblings(world, client, 5_000)).toBeGreaterThan(10_000);
  await world.check();
}, 1_800_000);
