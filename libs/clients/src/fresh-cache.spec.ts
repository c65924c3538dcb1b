import { ManualClock } from '@curfew/clock';
import { seconds } from '@curfew/session-policy';
import { FreshCache } from './fresh-cache.js';

interface Value {
  readonly text: string;
}

/** A cache over a store whose answers come when the test says so. */
const setUp = (size = 10, random = () => 1, gatherMs = 0) => {
  const clock = new ManualClock();
  const pending: { key: string; answer: (text: string | null) => void; fail: () => void }[] = [];
  const load = (key: string) =>
    new Promise<Value | null>((resolve, reject) => {
      pending.push({
        key,
        answer: (text) => resolve(text === null ? null : { text }),
        fail: () => reject(new RangeError('no database')),
      });
    });
  const cache = new FreshCache<Value>(load, clock, seconds(30), size, random, gatherMs);
  const next = () => {
    const one = pending.shift();
    if (!one) throw new RangeError('nothing is being loaded');
    return one;
  };
  return { clock, cache, pending, next };
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a memory that is fresh', () => {
  it('loads once for many who ask at once, and then no more', async () => {
    const { cache, next, pending } = setUp();
    const asked = [cache.get('a', true), cache.get('a', true), cache.get('a', true)];
    next().answer('one');
    expect(await Promise.all(asked)).toEqual([{ text: 'one' }, { text: 'one' }, { text: 'one' }]);
    expect(await cache.get('a', true)).toEqual({ text: 'one' });
    expect(pending).toHaveLength(0);
  });

  it('does not keep what was read before a change it heard of', async () => {
    const { cache, next, pending } = setUp();
    const before = cache.get('a', true);
    cache.forget('a');
    const after = cache.get('a', true);
    expect(pending).toHaveLength(2);
    const [old, fresh] = [next(), next()];
    fresh.answer('new');
    expect(await after).toEqual({ text: 'new' });
    old.answer('old');
    expect(await before).toEqual({ text: 'old' });
    expect(await cache.get('a', true)).toEqual({ text: 'new' });
  });

  it('does not keep what was read before everything was forgotten', async () => {
    const { cache, next, pending } = setUp();
    const before = cache.get('a', true);
    cache.forgetAll();
    next().answer('old');
    await before;
    const after = cache.get('a', true);
    expect(pending).toHaveLength(1);
    next().answer('new');
    expect(await after).toEqual({ text: 'new' });
  });

  it('reads again in the background at two thirds of its age, while the old value serves', async () => {
    const { cache, clock, next, pending } = setUp();
    const first = cache.get('a', true);
    next().answer('one');
    await first;
    clock.advance(20);
    expect(await cache.get('a', true)).toEqual({ text: 'one' });
    expect(await cache.get('a', true)).toEqual({ text: 'one' });
    expect(pending).toHaveLength(1);
    next().answer('two');
    await settled();
    expect(await cache.get('a', true)).toEqual({ text: 'two' });
  });

  it('reads values that came at once again at moments of their own', async () => {
    const draws = [0, 0.5, 1];
    const { cache, clock, next, pending } = setUp(10, () => draws.shift() ?? 1);
    const asked = ['a', 'b', 'c'].map((key) => cache.get(key, true));
    for (const _ of asked) next().answer('one');
    await Promise.all(asked);
    const renewedAfter = async (by: number) => {
      clock.advance(by);
      for (const key of ['a', 'b', 'c']) await cache.get(key, true);
      return pending.map(({ key }) => key);
    };
    expect(await renewedAfter(9)).toEqual([]);
    expect(await renewedAfter(1)).toEqual(['a']);
    expect(await renewedAfter(5)).toEqual(['a', 'b']);
    expect(await renewedAfter(5)).toEqual(['a', 'b', 'c']);
  });

  it('reads values again together that fall due within a moment, but none that was forgotten meanwhile', async () => {
    const { cache, clock, next, pending } = setUp(10, () => 1, 20);
    const asked = ['a', 'b', 'c'].map((key) => cache.get(key, true));
    for (const _ of asked) next().answer('one');
    await Promise.all(asked);
    clock.advance(20);
    for (const key of ['a', 'b', 'c', 'a']) expect(await cache.get(key, true)).toEqual({ text: 'one' });
    expect(pending).toHaveLength(0);
    cache.forget('b');
    for (let waits = 0; pending.length === 0 && waits < 500; waits += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(pending.map(({ key }) => key)).toEqual(['a', 'c']);
    for (const _ of [...pending]) next().answer('two');
    await settled();
    expect(await cache.get('c', true)).toEqual({ text: 'two' });
  });

  it('serves the old value to its greatest age if reading again fails, and then tells', async () => {
    const { cache, clock, next } = setUp();
    const first = cache.get('a', true);
    next().answer('one');
    await first;
    clock.advance(29);
    expect(await cache.get('a', true)).toEqual({ text: 'one' });
    next().fail();
    await settled();
    clock.advance(1);
    const late = cache.get('a', true);
    next().fail();
    await expect(late).rejects.toThrow('no database');
  });

  it('remembers names that stand for nothing, apart from those that do', async () => {
    const { cache, next, pending } = setUp(10);
    const real = cache.get('real', true);
    next().answer('one');
    await real;
    const answers = new Set<unknown>();
    for (let n = 0; n < 1000; n += 1) {
      const invented = cache.get(`invented-${n}`, true);
      next().answer(null);
      answers.add(await invented);
    }
    expect([...answers]).toEqual([null]);
    expect(await cache.get('invented-999', true)).toBeNull();
    expect(await cache.get('real', true)).toEqual({ text: 'one' });
    expect(pending).toHaveLength(0);
  });

  it('remembers as many as it may, a tenth as many that are unknown, and of one more the least recently used is loaded again', async () => {
    const { cache, next, pending } = setUp(2);
    const load = async (key: string, text: string | null) => {
      const asked = cache.get(key, true);
      next().answer(text);
      return asked;
    };
    for (const key of ['a', 'b']) await load(key, key);
    await load('nobody', null);
    for (const key of ['a', 'b', 'nobody', 'a']) await cache.get(key, true);
    expect(pending).toHaveLength(0);
    await load('c', 'c');
    await load('nothing', null);
    await Promise.all(['a', 'c', 'nothing'].map((key) => cache.get(key, true)));
    expect(pending).toHaveLength(0);
    void cache.get('b', true);
    void cache.get('nobody', true);
    expect(pending.map(({ key }) => key)).toEqual(['b', 'nobody']);
  });

  it('asks for every answer while its memory cannot be trusted, and keeps none', async () => {
    const { cache, next } = setUp();
    for (const text of ['one', 'two']) {
      const asked = cache.get('a', false);
      next().answer(text);
      expect(await asked).toEqual({ text });
    }
    const trusted = cache.get('a', true);
    next().answer('three');
    expect(await trusted).toEqual({ text: 'three' });
  });
});
