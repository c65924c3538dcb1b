import { EngineWorld } from '../e2e/engine-world.js';
import { endsOfBrowsersInRaces } from './browser-races.js';

let world: EngineWorld;
beforeAll(async () => {
  world = await EngineWorld.start();
}, 90_000);
afterAll(() => world?.stop());

it('200 ends of a browser that race with its authorizations and codes: none is worth anything after the acknowledgement', async () => {
  const client = await world.client({}, { absoluteLifetime: '24h' });
  const { issued, begun } = await endsOfBrowsersInRaces(world, client, 200);
  process.stdout.write(`browser races: ${issued} codes and ${begun} sessions before the ends, none after\n`);
  await world.check();
}, 1_800_000);
