import { countKinds, FoldedCounts, sumOf } from './counts.js';
import type { CountsUnderTimeout } from './evidence.js';
import { visitsIn } from './visits.js';

/** The evidence that an answer needs before it is given. */
export const neededForAnswer = { days: 3, silences: 1_000, visits: 200 } as const;

/** One thing that is missing, and how long that will be so. */
export interface Shortfall {
  readonly of: 'days' | 'silences' | 'visits' | 'folds';
  readonly have: number;
  readonly need: number;
  /** Days until there is enough at today's rate; null where nothing comes in. */
  readonly days: number | null;
}

/** No fold may hold a larger share of the silences: else a few accounts speak for all. */
const maxFoldShare = 0.5;

/** The evidence that is missing before figures can be told from these counts; none if there is enough. */
export function shortfalls(folded: FoldedCounts, days: number): readonly Shortfall[] {
  const total = folded.total();
  const silences = sumOf(total.returned) + sumOf(total.cut) + sumOf(total.censored);
  const have = { days, silences, visits: visitsIn(total) };
  const missing = (['days', 'silences', 'visits'] as const)
    .filter((of) => have[of] < neededForAnswer[of])
    .map((of) =>
      shortfall(of, have[of], neededForAnswer[of], of === 'days' ? 1 : have[of] / Math.max(days, 1)),
    );
  const share = folded.largestShare('returned');
  return share > maxFoldShare
    ? [
        ...missing,
        { of: 'folds', have: Math.floor(1 / share), need: Math.ceil(1 / maxFoldShare), days: null },
      ]
    : missing;
}

/** The evidence that is missing from counts under several timeouts. */
export function shortfallsOf(groups: readonly CountsUnderTimeout[], days: number): readonly Shortfall[] {
  const together = new FoldedCounts();
  for (const { folded } of groups)
    for (const [fold, counts] of folded.folds.entries())
      for (const kind of countKinds) together.add(fold, kind, counts[kind]);
  return shortfalls(together, days);
}

const shortfall = (of: Shortfall['of'], have: number, need: number, perDay: number): Shortfall => ({
  of,
  have,
  need,
  days: perDay === 0 ? null : Math.ceil((need - have) / perDay),
});
