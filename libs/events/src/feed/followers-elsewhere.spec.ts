import { FollowersElsewhere } from './followers-elsewhere.js';

describe('the followers of other nodes', () => {
  let rows: ReadonlyMap<string, string>;
  let reads: number;
  let elsewhere: FollowersElsewhere;
  beforeEach(() => {
    rows = new Map([['a follower', 'orders-api']]);
    reads = 0;
    elsewhere = new FollowersElsewhere(async () => {
      reads += 1;
      return rows;
    });
  });

  it('are known to their own client, by one read for many words', async () => {
    const words = Array.from({ length: 20 }, () => elsewhere.has('a follower', 'orders-api'));
    expect(new Set(await Promise.all(words))).toEqual(new Set([true]));
    expect(await elsewhere.has('a follower', 'orders-api')).toBe(true);
    expect(reads).toBe(1);
    expect(await elsewhere.has('a follower', undefined)).toBe(false);
    expect(await elsewhere.has('a follower', 'invoices-api')).toBe(false);
  });

  it('are known from the moment on at which their node reports them', async () => {
    expect(await elsewhere.has('another one', 'orders-api')).toBe(false);
    rows = new Map([['another one', 'orders-api']]);
    expect(await elsewhere.has('another one', 'orders-api')).toBe(true);
  });

  it('are read four times a second at most, whatever names are asked for', async () => {
    const began = performance.now();
    for (let turn = 0; turn < 4; turn += 1)
      expect(
        await Promise.all(['no one', 'nor this one'].map((name) => elsewhere.has(name, 'orders-api'))),
      ).toEqual([false, false]);
    expect(performance.now() - began).toBeGreaterThan(700);
    expect(reads).toBe(4);
  });

  it('are read again where a read failed', async () => {
    let fails = true;
    const failing = new FollowersElsewhere(async () => {
      if (fails) throw new Error('no database');
      return rows;
    });
    await expect(failing.has('a follower', 'orders-api')).rejects.toThrow('no database');
    fails = false;
    expect(await failing.has('a follower', 'orders-api')).toBe(true);
  });
});
