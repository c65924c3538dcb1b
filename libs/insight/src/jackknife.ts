import { type Counts, type FoldedCounts, foldCount } from './counts.js';

/** A figure with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 % of Student's distribution with 15 degrees of freedom: sixteen folds tell their own spread no better than that. */
const student95 = 2.131449545559323;

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
  return intervalOf(estimate(folded.total()), replicatesOf(folded).map(estimate), { least, most });
}

/** The counts with each fold left out in turn; reused where many figures come of the same counts. */
export const replicatesOf = (folded: FoldedCounts): readonly Counts[] =>
  Array.from({ length: foldCount }, (_, fold) => folded.without(fold));

/** The interval around a value from its replicates. */
export function intervalOf(
  value: number,
  leftOut: readonly number[],
  { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = {},
): Estimate {
  const half = student95 * jackknifeError(leftOut);
  return { value, low: Math.max(least, value - half), high: Math.min(most, value + half) };
}
