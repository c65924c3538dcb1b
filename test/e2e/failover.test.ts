import { FailoverWorld, laggingRound, synchronousRound } from '../chaos/failovers.js';

let failover: FailoverWorld;
beforeAll(async () => {
  failover = await FailoverWorld.start();
}, 120_000);
afterAll(() => failover?.stop(), 60_000);

describe('a synchronous standby', () => {
  it('has everything when it is promoted in the middle of refreshes and ends, and is served from at once', async () => {
    const { ended, refreshed } = await synchronousRound(failover);
    expect(ended + refreshed).toBeGreaterThan(0);
    for (const node of failover.world.nodes) expect(node.output()).not.toContain('the database lost');
  }, 120_000);
});

describe('a standby that lagged', () => {
  it('is refused by every process until the step is taken, and no ended session is ever active', async () => {
    const { ended, asked } = await laggingRound(failover);
    expect([ended, asked > 0]).toEqual([6, true]);
  }, 120_000);
});
