import { untilBeat, waitForBeatMs } from './index.js';

/** The instants at which work that repeats every `intervalMs` wakes, if each wake-up is a little late and the work takes a moment. */
function wakeUps(intervalMs: number, from: number, count: number): number[] {
  const instants: number[] = [];
  for (let at = from; instants.length < count; at += 3.7) {
    at += waitForBeatMs(intervalMs, at) + (instants.length % 3) * 0.3 - 0.4;
    instants.push(at);
  }
  return instants;
}

describe('the repeated work of a process', () => {
  it('wakes together, however often it repeats and whenever it began', () => {
    const beat = wakeUps(500, 0, 1)[0]!;
    for (const interval of [500, 700, 1_000, 2_000, 30_000])
      for (const from of [0, 123.4, 499.9, 777])
        for (const instant of wakeUps(interval, from, 10)) {
          const offBeat = (((instant - beat + 250) % 500) + 500) % 500;
          expect([interval, from, Math.abs(offBeat - 250) < 3]).toEqual([interval, from, true]);
        }
  });

  it.each([[500], [700], [1_000], [1_999], [2_000]])(
    'never waits longer than its interval of %d ms',
    (interval) => {
      const waits = Array.from({ length: 1_370 }, (_, n) => waitForBeatMs(interval, n * 0.73));
      // A wake-up that came a moment before its beat does not count that beat twice.
      expect(Math.max(...waits)).toBeLessThanOrEqual(interval + 6);
      expect(Math.min(...waits)).toBeGreaterThan(interval - 500);
    },
  );

  it.each([[5], [50], [499]])(
    'keeps an interval of %d ms, which is shorter than that of the beats',
    (interval) => {
      expect(waitForBeatMs(interval, 12_345.6)).toBe(interval);
    },
  );

  it('is not waited for once it is stopped', async () => {
    const stopping = new AbortController();
    const waiting = untilBeat(30_000, stopping.signal);
    stopping.abort();
    await waiting;
  });
});
