import { SlidingCounts, SlidingDistinct } from './sliding-window.js';

describe('counts of a sliding window', () => {
  it('keep as many keys as they may, and one more takes the place of one that came once', () => {
    const counts = new SlidingCounts(60_000, 3);
    for (const key of ['often', 'often', 'once', 'twice', 'twice']) counts.add(key, 1_000);
    expect([counts.size, counts.read('once', 1_000)]).toEqual([3, 1]);
    counts.add('new', 1_000);
    expect(counts.size).toBe(3);
    expect(['often', 'once', 'twice', 'new'].map((key) => counts.read(key, 1_000))).toEqual([2, 0, 2, 1]);
  });

  it('keep as many different values of a key as they may, and the oldest goes first', () => {
    const distinct = new SlidingDistinct(60_000, 2, 2);
    distinct.add('a', '1', 1_000);
    expect(distinct.add('a', '2', 2_000)).toEqual(['1', '2']);
    expect(distinct.add('a', '3', 3_000)).toEqual(['2', '3']);
    distinct.add('b', '1', 3_000);
    distinct.add('c', '1', 3_000);
    expect(distinct.size).toBe(2);
  });
});
