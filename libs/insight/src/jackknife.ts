import type { Counts, FoldedCounts } from './counts.js';

/** A figure with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 % of the normal distribution. */
export const normal95 = 1.959963984540054;

/**
 * Two-sided 95 % of Student's distribution, by the expansion of Cornish and Fisher (Abramowitz and Stegun 26.7.5): sixteen folds tell their own
 * spread no better than 15 degrees of freedom allow.
 */
export function student95(freedom: number): number {
  const z = normal95;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3) +
    (79 * z ** 9 + 776 * z ** 7 + 1_482 * z ** 5 - 1_920 * z ** 3 - 945 * z) / (92_160 * freedom ** 4)
  );
}

/** Fewer cannot tell their spread at all. */
const leastFolds = 4;

/** How many folds of one size would tell as much as these, which hold so much each: few accounts fill sixteen folds unevenly. */
export function evenFolds(weights: readonly number[]): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const squares = weights.reduce((total, weight) => total + weight ** 2, 0);
  return squares === 0 ? weights.length : Math.max(leastFolds, sum ** 2 / squares);
}

/** Standard error from estimates that each leave out one of K groups: sqrt((K−1)/K Σ(θ₍₋ₖ₎ − mean)²) (Efron 1982, delete-a-group). */
export function jackknifeError(leftOut: readonly number[]): number {
  const groups = leftOut.length;
  const mean = leftOut.reduce((sum, value) => sum + value, 0) / groups;
  const squares = leftOut.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(((groups - 1) / groups) * squares);
}

/** An estimate and its jackknife interval; never below `least` nor above `most`, where the figure has such bounds. */
export function jackknife(
  folded: FoldedCounts,
  estimate: (counts: Counts) => number,
  { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = {},
): Estimate {
  return intervalOf(estimate(folded.total()), folded.withoutEach().map(estimate), { least, most });
}

/** The interval around a value from its replicates, which tell as much as `folds` of one size. */
export function intervalOf(
  value: number,
  leftOut: readonly number[],
  { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = {},
  folds: number = leftOut.length,
): Estimate {
  const half = student95(folds - 1) * jackknifeError(leftOut);
  return { value, low: Math.max(least, value - half), high: Math.min(most, value + half) };
}
