import { DisciplinedClock, installAsProcessTime, ManualClock, untilBeat, waitForBeatMs } from './index.js';
import { ClockNotMeasured } from './process-time.js';

/** A host whose two clocks a test moves by hand, and a reference a fixed distance ahead of it. */
function aHost({ ahead = 0, roundTrip = 0 } = {}) {
  const host = { steady: 1_000, wall: 1_700_000_000_000, ahead, roundTrip, asked: 0, failing: false };
  const measure = async (): Promise<number> => {
    host.asked += 1;
    if (host.failing) throw new RangeError('no answer');
    host.steady += host.roundTrip / 2;
    host.wall += host.roundTrip / 2;
    const reference = host.wall + host.ahead;
    host.steady += host.roundTrip / 2;
    host.wall += host.roundTrip / 2;
    return reference;
  };
  const pass = (ms: number): void => {
    host.steady += ms;
    host.wall += ms;
  };
  const failures: unknown[] = [];
  const clock = new DisciplinedClock(measure, {
    steady: () => host.steady,
    wall: () => host.wall,
    onFailure: (error) => failures.push(error),
  });
  return { host, pass, clock, failures };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('DisciplinedClock', () => {
  it('refuses to tell the time before it has been measured', () => {
    const { clock } = aHost();
    expect(() => clock.now()).toThrow(ClockNotMeasured);
    expect(() => clock.report()).toThrow(ClockNotMeasured);
  });

  it('follows the reference and not the host', async () => {
    const { host, pass, clock } = aHost({ ahead: 300_000 });
    await clock.remeasure();
    pass(5_000);
    expect(clock.now()).toBe(host.wall + 300_000);
  });

  it('takes the middle of a round trip for the moment the reference was read', async () => {
    const { host, clock } = aHost({ ahead: 60_000, roundTrip: 40 });
    await clock.remeasure();
    expect(clock.now()).toBe(host.wall + 60_000);
    expect(clock.report()).toEqual({ offsetMs: 60_000, measuredAgoMs: 80, roundTripMs: 40 });
  });

  it('uses the fastest of several round trips', async () => {
    const { host, clock } = aHost();
    await clock.remeasure();
    expect(host.asked).toBe(3);
  });

  it('never steps back, and runs on once the reference has caught up', async () => {
    const { host, pass, clock } = aHost({ ahead: 10_000 });
    await clock.remeasure();
    const before = clock.now();
    host.ahead = 0;
    await clock.remeasure();
    expect(clock.now()).toBe(before);
    pass(9_999);
    expect(clock.now()).toBe(before);
    pass(2);
    expect(clock.now()).toBe(before + 1);
  });

  it('is not moved by a host whose clock is set', async () => {
    const { host, clock } = aHost();
    await clock.remeasure();
    const before = clock.now();
    host.failing = true;
    host.wall -= 3_600_000;
    expect(clock.now()).toBe(before);
    host.wall += 7_200_000;
    expect(clock.now()).toBe(before);
    await settled();
  });

  it('asks the reference again when the host slept', async () => {
    const { host, clock } = aHost();
    await clock.remeasure();
    clock.now();
    host.wall += 60_000; // the steady clock stands still while a host sleeps
    clock.now();
    await settled();
    expect(clock.now()).toBe(host.wall);
  });

  it('runs on by its last measurement when the reference is out of reach, and says so', async () => {
    const { host, pass, clock, failures } = aHost({ ahead: 1_000 });
    await clock.remeasure();
    host.failing = true;
    host.wall += 5_000;
    clock.now();
    await settled();
    pass(500);
    expect(failures).toHaveLength(1);
    expect(clock.report().measuredAgoMs).toBe(500);
    await expect(clock.remeasure()).rejects.toThrow(RangeError);
  });

  it('measures periodically between start and stop', async () => {
    let asked = 0;
    const clock = new DisciplinedClock(async () => ++asked, { roundTrips: 1, intervalMs: 5 });
    await clock.start();
    await new Promise((resolve) => setTimeout(resolve, 40));
    clock.stop();
    const whenStopped = asked;
    expect(whenStopped).toBeGreaterThan(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toBe(whenStopped);
  });
});

describe('ManualClock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock(1_000);
    expect(clock.now()).toBe(1_000);
    expect(clock.advance(2)).toBe(3_000);
    expect(clock.set(500)).toBe(500);
  });
});

describe('installAsProcessTime', () => {
  it('makes Date follow the clock until it is restored', () => {
    const clock = new ManualClock(Date.UTC(2040, 0, 1));
    const made = new Date(5);
    const restore = installAsProcessTime(clock);
    try {
      expect(Date.now()).toBe(Date.UTC(2040, 0, 1));
      expect(new Date().toISOString()).toBe('2040-01-01T00:00:00.000Z');
      expect(new Date(7).getTime()).toBe(7);
      expect(new Date(2001, 1).getFullYear()).toBe(2001);
      expect(Date()).toContain('20'); // a call without new gives text
      expect(made).toBeInstanceOf(Date);
      expect(new Date()).toBeInstanceOf(Date);
      class Holiday extends Date {}
      expect(new Holiday()).toBeInstanceOf(Holiday);
      expect(new Holiday().getTime()).toBe(Date.UTC(2040, 0, 1));
      clock.advance(60);
      expect(Date.now()).toBe(Date.UTC(2040, 0, 1) + 60_000);
    } finally {
      restore();
    }
    expect(Date.now()).toBeLessThan(Date.UTC(2040, 0, 1));
    expect(new Date() < new Date(Date.UTC(2040, 0, 1))).toBe(true);
  });
});

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
