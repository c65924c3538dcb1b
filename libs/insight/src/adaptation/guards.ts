import { type Counts, foldCount, sumOf } from '../counts.js';
import type { CountsUnderTimeout } from '../evidence.js';
import { type ArmCounts, comparedArms, evenFoldsOf, lostVisits, reachedIn } from '../give-up.js';
import { evenFolds, jackknifeError } from '../jackknife.js';
import { visitsIn } from '../visits.js';
import type { Guard } from './adaptation-evidence.js';

/** Two visits in a hundred may be lost, and a fifth more attempts to sign in may fail. */
const maxLost = 0.02;
const maxMoreFailures = Math.log(1.2);

/** Fewer cases in an arm tell nothing: chance alone would make a harm of them, and an error that looks small. */
const minCases = 50;

/** Visits that a canary loses, for each visit. */
export function lostVisitsGuard(arms: readonly ArmCounts[]): Guard[] {
  const compared = comparedArms(arms);
  if (!compared || Math.min(reachedIn(compared.shorter), reachedIn(compared.longer)) < minCases) return [];
  const folds = evenFoldsOf(compared);
  return [{ name: 'visits lost for each visit', limit: maxLost, folds, ...lostVisits(compared) }];
}

/** Failed attempts to sign in for each person and day, in the canary beside the others, as the logarithm of their ratio. */
export function failureGuard(
  arms: readonly ArmCounts[],
  failures: readonly { readonly arm: 0 | 1; readonly folds: readonly number[] }[],
): Guard[] {
  const failed = (arm: 0 | 1) => failures.find((one) => one.arm === arm)?.folds ?? [];
  if (sum(failed(1)) < minCases) return [];
  const rate = (arm: 0 | 1, leftOut: number): number => {
    const kept = (_: unknown, fold: number) => fold !== leftOut;
    const days = arms
      .filter((one) => one.arm === arm)
      .flatMap(({ folded }) => folded.folds.filter(kept).map(({ first }) => sumOf(first)));
    return sum(failed(arm).filter(kept)) / sum(days);
  };
  const ratio = (leftOut: number) => Math.log(rate(1, leftOut) / rate(0, leftOut));
  const error = jackknifeError(Array.from({ length: foldCount }, (_, fold) => ratio(fold)));
  const folds = Math.min(evenFolds(failed(0)), evenFolds(failed(1)));
  return [
    {
      ...{ name: 'sign-ins failed, as the logarithm of their ratio', limit: maxMoreFailures },
      ...{ value: ratio(-1), error, folds },
    },
  ];
}

/** Once a timeout is for all: how many fewer of its cuts are followed by a new sign-in than in the canary before. */
export function resumptionGuard(
  before: readonly ArmCounts[],
  after: readonly ArmCounts[],
  timeout: number,
): Guard[] {
  const under = (arms: readonly ArmCounts[], arm: 0 | 1) =>
    arms.find((one) => one.arm === arm && one.inactivityTimeout === timeout)?.folded;
  const [canary, all] = [under(before, 1), under(after, 0)];
  if (!canary || !all) return [];
  if (Math.min(sumOf(canary.total().cut), sumOf(all.total().cut)) < minCases) return [];
  const difference = (before: Counts, after: Counts) => backShare(before) - backShare(after);
  const [withoutOne, others] = [canary.withoutEach(), all.withoutEach()];
  const error = jackknifeError(withoutOne.map((counts, fold) => difference(counts, others[fold]!)));
  const value = difference(canary.total(), all.total());
  const folds = Math.min(
    ...[canary, all].map((folded) => evenFolds(folded.folds.map(({ cut }) => sumOf(cut)))),
  );
  return [{ name: 'timeouts without a new sign-in', value, error, folds, limit: maxLost }];
}

const backShare = ({ back, cut }: Counts): number => sumOf(back) / sumOf(cut);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Visits seen in these arms. */
export const visitsOf = (arms: readonly ArmCounts[]): number =>
  sum(arms.map(({ folded }) => visitsIn(folded.total())));

/** The largest share of the silences that one fold of accounts has. */
export function foldShareOf(groups: readonly CountsUnderTimeout[]): number {
  const folds = Array.from({ length: foldCount }, (_, fold) =>
    sum(groups.map(({ folded }) => sumOf(folded.folds[fold]!.returned) + sumOf(folded.folds[fold]!.cut))),
  );
  const all = sum(folds);
  return all === 0 ? 0 : Math.max(...folds) / all;
}
