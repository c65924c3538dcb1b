import { FailoverWorld, laggingRound, synchronousRound } from './failovers.js';

const rounds = 20;
let failover: FailoverWorld;
beforeAll(async () => {
  failover = await FailoverWorld.start();
}, 120_000);
afterAll(() => failover?.stop(), 60_000);

it('20 synchronous standbys that are promoted have everything that was acknowledged', async () => {
  let ended = 0;
  let refreshed = 0;
  for (let round = 0; round < rounds; round += 1) {
    const done = await synchronousRound(failover);
    ended += done.ended;
    refreshed += done.refreshed;
  }
  expect(ended).toBeGreaterThan(rounds);
  expect(refreshed).toBeGreaterThan(rounds);
}, 3_600_000);

it('20 standbys that lagged are refused by every process until the step is taken', async () => {
  for (let round = 0; round < rounds; round += 1) await laggingRound(failover);
}, 3_600_000);
