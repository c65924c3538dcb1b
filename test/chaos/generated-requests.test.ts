import { listeners } from '../e2e/generated-requests.js';
import { describeOutcome, ListenersWorld } from '../e2e/generated-world.js';

const count = Number(process.env['CURFEW_TEST_REQUESTS'] ?? 200_000);

let world: ListenersWorld;
beforeAll(async () => {
  world = await ListenersWorld.start();
}, 180_000);
afterAll(() => world?.stop());

it('two hundred thousand generated requests: no fault of a server, no hang, no echo, and memory stays level', async () => {
  const outcome = await world.tryGenerated(count);
  process.stderr.write(`${describeOutcome(outcome)}\n`);
  expect(outcome.faults).toEqual([]);
  for (const listener of listeners) {
    const [before, after] = outcome.memory[listener];
    expect([listener, after < before * 1.3 + 48]).toEqual([listener, true]);
  }
}, 7_200_000);
