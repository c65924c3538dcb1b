import { bucketOf, type CountKind, FoldedCounts, foldCount } from '@curfew/insight';
import {
  countedOf,
  exposureHoursOf,
  intendedVisits,
  livedUnder,
  type Truth,
  type VisitStep,
} from '../../bench/population/people.mjs';

export type { Truth, VisitStep };

/** What really happened, for comparison. */
export interface Outcome {
  readonly folded: FoldedCounts;
  readonly visits: number;
  readonly signedInAgain: number;
  readonly gaveUp: number;
  readonly cuts: number;
  readonly exposureHours: number;
}

/** For each person and day, the visits of a population that works under an inactivity timeout. */
export function* visitsUnder(
  timeout: number,
  truth: Truth,
): Generator<{ readonly person: number; readonly day: number; readonly visits: readonly VisitStep[][] }> {
  for (const { person, day, visits } of intendedVisits(truth))
    yield { person, day, visits: visits.map((visit) => livedUnder(visit, timeout, truth.giveUpShare)) };
}

/** What is to be recorded of a population that works under an inactivity timeout, and the truth behind it. */
export function populationUnder(timeout: number, truth: Truth): Outcome {
  const folded = new FoldedCounts();
  const sums = { visits: 0, signedInAgain: 0, gaveUp: 0, cuts: 0, exposureHours: 0 };
  for (const { person, visits } of visitsUnder(timeout, truth)) {
    const note = noteIn(folded, person % foldCount);
    note('first', 1);
    for (const steps of visits) {
      for (const [kind, seconds] of countedOf(steps, timeout)) note(kind, seconds);
      const count = (kind: VisitStep['kind']) => steps.filter((step) => step.kind === kind).length;
      sums.visits++;
      sums.gaveUp += count('gave up');
      sums.signedInAgain += count('came back');
      sums.cuts += count('came back') + 1;
      sums.exposureHours += exposureHoursOf(steps, timeout);
    }
  }
  return { folded, ...sums };
}

type Note = (kind: CountKind, seconds: number) => void;

const noteIn =
  (folded: FoldedCounts, fold: number): Note =>
  (kind, seconds) => {
    folded.folds[fold]![kind][bucketOf(Math.round(seconds * 1_000))]!++;
  };
