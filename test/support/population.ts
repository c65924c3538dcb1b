import { type ArmCounts, bucketOf, type CountKind, FoldedCounts, foldCount } from '@curfew/insight';
import {
  countedOf,
  exposureHoursOf,
  intendedVisits,
  livedUnder,
  type Truth,
  trialCountedOf,
  type VisitStep,
} from '../../bench/population/people.mjs';

export type { Truth, VisitStep };

/** The truth, for comparison. */
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

/** The records of a population that works under an inactivity timeout, and the truth behind them. */
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

/** A canary in a population: the timeouts of its arms, the share of people in it, and how many give up there. */
export interface CanaryTruth extends Truth {
  readonly timeouts: { readonly control: number; readonly canary: number };
  readonly canaryShare: number;
  /** As many as beside it, unless it is said. */
  readonly canaryGiveUpShare?: number;
}

/** The counts that both arms of a canary leave. */
export function canaryUnder(truth: CanaryTruth): ArmCounts[] {
  const { timeouts, canaryShare, people, giveUpShare, canaryGiveUpShare = giveUpShare, seed, days } = truth;
  const shorter = Math.min(timeouts.control, timeouts.canary);
  const inCanary = Math.round(people * canaryShare);
  const armOf = (arm: 0 | 1, timeout: number, changes: Partial<Truth>): ArmCounts => {
    const folded = new FoldedCounts();
    for (const { person, visits } of visitsUnder(timeout, { ...truth, ...changes })) {
      const note = noteIn(folded, person % foldCount);
      note('first', 1);
      for (const steps of visits) {
        for (const [kind, seconds] of countedOf(steps, timeout)) note(kind, seconds);
        for (const [kind, seconds] of trialCountedOf(steps, shorter)) note(kind, seconds);
      }
    }
    return { arm, inactivityTimeout: timeout, folded, days };
  };
  return [
    armOf(0, timeouts.control, { people: people - inCanary, seed: seed * 2 }),
    armOf(1, timeouts.canary, { people: inCanary, giveUpShare: canaryGiveUpShare, seed: seed * 2 + 1 }),
  ];
}

type Note = (kind: CountKind, seconds: number) => void;

const noteIn =
  (folded: FoldedCounts, fold: number): Note =>
  (kind, seconds) => {
    folded.folds[fold]![kind][bucketOf(Math.round(seconds * 1_000))]!++;
  };
