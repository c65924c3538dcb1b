import { jest } from '@jest/globals';
import { Batcher, WaitedTooLong } from './batcher.js';

/** Ends after the turn that gathers what was submitted; a timer, however short, may come before that turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));
const notEveryones = () => false;

describe('a batcher', () => {
  it('runs what one turn brings together, and what comes meanwhile in the next', async () => {
    const runs: number[][] = [];
    let finish = () => {};
    const waiting = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const batcher = new Batcher<number, number>(
      async (items) => {
        runs.push([...items]);
        await waiting;
        return items.map((item) => item * 10);
      },
      { inFlight: 1, largest: 3 },
      notEveryones,
    );
    const first = [1, 2].map((item) => batcher.submit(item));
    await turn();
    const later = [3, 4, 5, 6].map((item) => batcher.submit(item));
    finish();
    expect(await Promise.all([...first, ...later])).toEqual([10, 20, 30, 40, 50, 60]);
    expect(runs).toEqual([[1, 2], [3, 4, 5], [6]]);
  });

  it('lets one bad item fail alone', async () => {
    const batcher = new Batcher<number, number>(
      async (items) => {
        await turn();
        if (items.includes(3)) throw new Error('three');
        return items;
      },
      { inFlight: 1, largest: 10 },
      notEveryones,
    );
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((item) => batcher.submit(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });

  it('fails all of a batch when that is everyone’s fault, and goes on afterwards', async () => {
    let isDown = true;
    const batcher = new Batcher<number, number>(
      async (items) => {
        await turn();
        if (isDown) throw new Error('down');
        return items;
      },
      { inFlight: 1, largest: 10 },
      () => true,
    );
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    isDown = false;
    expect(await batcher.submit(4)).toBe(4);
  });

  it('tells what waits in vain, in time and in the order of arrival, and works on when the way is free', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      let open = () => {};
      const stuck = new Promise<void>((resolve) => {
        open = resolve;
      });
      const batcher = new Batcher<number, number>(
        async (items) => {
          if (items[0] === 0) await stuck;
          return items;
        },
        { inFlight: 1, largest: 10, longestWaitMs: 300 },
        notEveryones,
      );
      const first = batcher.submit(0);
      await turn();
      const early = expect(batcher.submit(1)).rejects.toThrow(WaitedTooLong);
      await turn();
      jest.advanceTimersByTime(150);
      const late = batcher.submit(2);
      await turn();
      jest.advanceTimersByTime(150);
      await early;
      open();
      expect(await Promise.all([first, late])).toEqual([0, 2]);
      expect(await batcher.submit(3)).toBe(3);
    } finally {
      jest.useRealTimers();
    }
  });
});
