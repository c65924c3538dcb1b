import { busyAtFirst, busyLately, paceBeside, restAfter } from './sweep-pace.js';

const perSecond = (busy: number, tookMs: number): number => {
  const pace = paceBeside(busy);
  return (pace.size * 1000) / (tookMs + restAfter(pace, tookMs));
};
const workingShare = (busy: number, tookMs: number): number =>
  tookMs / (tookMs + restAfter(paceBeside(busy), tookMs));

describe('the pace of a sweep', () => {
  it('is large batches half of the time where nobody else is there', () => {
    expect(paceBeside(0)).toEqual({ size: 200, share: 0.5 });
    expect(workingShare(0, 20)).toBeCloseTo(0.5);
  });

  it('is small batches a tenth of the time beside many others, and before anything was seen', () => {
    for (const busy of [0.1, 0.5, 1, busyAtFirst]) expect(paceBeside(busy)).toEqual({ size: 25, share: 0.1 });
    expect(workingShare(0.5, 3)).toBeCloseTo(0.1);
  });

  it('gives way the more, the more others there are', () => {
    const sizes = Array.from({ length: 21 }, (_, index) => paceBeside(index / 100).size);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(new Set(sizes).size).toBeGreaterThan(8);
  });

  it('is never slower than five hundred a second where that takes less than half of the time', () => {
    for (const busy of [0, 0.05, 0.1, 1])
      for (const each of [0.05, 0.1, 0.5, 0.9])
        expect(perSecond(busy, paceBeside(busy).size * each)).toBeGreaterThanOrEqual(499);
  });

  it('never takes more than half of the time, however slow everything is', () => {
    for (const busy of [0, 0.05, 0.1, 1])
      for (const tookMs of [1, 20, 200, 5_000]) expect(workingShare(busy, tookMs)).toBeLessThanOrEqual(0.5);
  });

  it('follows what is seen within a few rests, and not at once', () => {
    const after = (rests: number, from: number, seen: number): number =>
      Array.from({ length: rests }).reduce<number>((busy) => busyLately(busy, seen), from);
    expect(paceBeside(after(1, 0, 0.2)).size).toBeGreaterThan(50);
    expect(paceBeside(after(3, 0, 0.2)).size).toBe(25);
    expect(paceBeside(after(10, 1, 0)).size).toBeGreaterThan(100);
  });
});
