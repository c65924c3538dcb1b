import fc from 'fast-check';
import { bucketOf, countBeyond, FoldedCounts } from './counts.js';
import { Evidence } from './evidence.js';
import { cutAtWorkPerDay, exposurePerDay, signInsPerVisit } from './figures.js';

describe('figures at their edges', () => {
  const anyCounts = fc
    .record({
      returned: fc.array(fc.nat(500), { minLength: 101, maxLength: 101 }),
      cut: fc.nat(300),
      back: fc.array(fc.nat(5), { minLength: 101, maxLength: 101 }),
      fold: fc.nat(15),
    })
    .map(({ returned, cut, back, fold }) => {
      const folded = new FoldedCounts();
      const at = bucketOf(1_800_000);
      const counts = folded.folds[fold]!;
      returned.forEach((count, bucket) => {
        if (bucket < at) counts.returned[bucket] = count;
      });
      back.forEach((count, bucket) => {
        if (bucket >= at) counts.back[bucket] = count;
      });
      counts.cut[at] = cut + countBeyond(counts.back, 0);
      return folded;
    });

  it('are finite, never negative, and a longer timeout never costs more sign-ins or less exposure', () => {
    fc.assert(
      fc.property(anyCounts, fc.integer({ min: 60, max: 80_000 }), (folded, candidate) => {
        const evidence = new Evidence([{ inactivityTimeout: 1_800, folded }]);
        const signIns = (timeout: number) => evidence.estimate(signInsPerVisit(timeout)).value;
        const exposure = (timeout: number) => evidence.estimate(exposurePerDay(1, timeout)).value;
        for (const figure of [signIns, exposure]) expect(figure(candidate)).toBeGreaterThanOrEqual(0);
        expect(signIns(candidate * 1.5)).toBeLessThanOrEqual(signIns(candidate) + 1e-9);
        expect(exposure(candidate * 1.5)).toBeGreaterThanOrEqual(exposure(candidate) - 1e-9);
        expect(Number.isFinite(evidence.estimate(cutAtWorkPerDay(1, candidate)).value)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});
