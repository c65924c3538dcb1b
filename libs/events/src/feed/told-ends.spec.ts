import { ToldEnds } from './told-ends.js';

describe('ends that were told', () => {
  it('are known until the position has moved on twice', () => {
    const told = new ToldEnds();
    expect(['a', 'a', 'b', 'b'].map((key) => told.isNew(key))).toEqual([true, false, true, false]);
    told.advance();
    expect([told.isNew('a'), told.isNew('b')]).toEqual([false, false]);
    told.advance();
    expect(told.isNew('a')).toBe(true);
  });

  it('are remembered to a number, and at one more those before it are told again', () => {
    const told = new ToldEnds(3);
    expect(['a', 'b', 'c', 'a'].map((key) => told.isNew(key))).toEqual([true, true, true, false]);
    expect(told.isNew('d')).toBe(true);
    expect([told.isNew('d'), told.isNew('a')]).toEqual([false, true]);
  });

  it('are a hundred thousand', () => {
    const told = new ToldEnds();
    for (let n = 0; n < 100_000; n += 1) told.isNew(`end ${n}`);
    expect(told.isNew('end 0')).toBe(false);
    expect([told.isNew('one more'), told.isNew('end 0')]).toEqual([true, true]);
  });
});
