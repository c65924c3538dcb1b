import type { Throttle } from '@curfew/accounts';
import type { Registry } from '@curfew/clients';
import { ManualClock } from '@curfew/clock';
import { seconds } from '@curfew/session-policy';
import { ClientDirectory } from './client-authentication.js';

describe('clients and networks that have to wait', () => {
  it('are remembered to the number of ten thousand, and the oldest of one more is asked about again', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const throttle = {
      take: async () => {
        asked += 1;
        return { allowed: false, retryAfter: seconds(60) };
      },
    } as unknown as Throttle;
    const registry = { client: async () => null } as unknown as Registry;
    const directory = new ClientDirectory(registry, throttle, clock, { count: 1, window: seconds(60) });
    const guess = (network: number) => directory.checkSecret('shop', 'wrong', `network ${network}`);
    for (let network = 0; network < 10_000; network += 1) await guess(network);
    expect(asked).toBe(10_000);
    for (const network of [0, 9_999]) expect(await guess(network)).toEqual({ throttledFor: 60 });
    expect(asked).toBe(10_000);
    await guess(10_000);
    await guess(1);
    expect(asked).toBe(10_001);
    await guess(0);
    expect(asked).toBe(10_002);
    // One that waits again takes its own place, and nobody else’s.
    clock.advance(61);
    await guess(10_000);
    clock.advance(-61);
    await guess(2);
    expect(asked).toBe(10_003);
  });
});
