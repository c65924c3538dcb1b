import { FailoverWorld, laggingRound, synchronousRound } from './failovers.js';

const rounds = 20;
let failover: FailoverWorld;
beforeAll(async () => {
  failover = await FailoverWorld.start();
}, 120_000);
afterAll(() => failover?.stop(), 60_000);

const say = (text: string) => process.stdout.write(`failover: ${text}\n`);

it('20 synchronous standbys that are promoted have everything that was acknowledged', async () => {
  const all = { ended: 0, refreshed: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const { before } = await synchronousRound(failover);
    all.ended += before.ended;
    all.refreshed += before.refreshed;
    say(
      `${round + 1} synchronous, ${all.ended} ends and ${all.refreshed} rotations before the kills, none lost`,
    );
  }
  expect(all.ended).toBeGreaterThanOrEqual(3 * rounds);
  expect(all.refreshed).toBeGreaterThanOrEqual(3 * rounds);
}, 3_600_000);

it('20 standbys that lagged are refused by every process until the step is taken', async () => {
  const all = { ended: 0, asked: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const { ended, asked } = await laggingRound(failover);
    all.ended += ended;
    all.asked += asked;
    say(`${round + 1} lagging, ${all.ended} ends lost, ${all.asked} questions, none answered active`);
  }
}, 3_600_000);
