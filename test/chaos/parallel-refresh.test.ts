import { EngineWorld } from '../e2e/engine-world.js';
import { refreshInParallel } from './storm.js';

let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.start();
}, 90_000);
afterAll(() => world?.stop());

it('500 rounds of 50 parallel refreshes on two processes: one successor each, no 5xx, nobody ended', async () => {
  await refreshInParallel(world, await world.client({}, { absoluteLifetime: '24h' }), 500);
  await world.check();
}, 1_800_000);
