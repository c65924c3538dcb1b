import { bucketOf, type CountKind, FoldedCounts, foldCount } from '@curfew/insight';
import { randomFrom } from '../../libs/session-policy/test/walk-surroundings.js';

type Random = () => number;

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const logNormal = (random: Random, median: number, spread: number): number =>
  median * Math.exp(spread * normal(random));

/** What is hidden from the estimators. */
export interface Truth {
  readonly people: number;
  readonly days: number;
  readonly giveUpShare: number;
  /** The share of silences that a client ends in the background, and at which length. */
  readonly clockwork?: { readonly share: number; readonly every: number };
  readonly seed: number;
}

/** How a silence of a visit ended, and how long it was, in seconds. */
export interface VisitStep {
  readonly kind: 'returned' | 'came back' | 'gave up';
  readonly length: number;
}

/** What really happened, for comparison. */
export interface Outcome {
  readonly folded: FoldedCounts;
  readonly visits: number;
  readonly signedInAgain: number;
  readonly gaveUp: number;
  readonly cuts: number;
  readonly exposureHours: number;
}

/** Work, reading, and interruptions: silences are a mixture of log-normals, scaled by a factor of each person. */
function silence(random: Random, factor: number, { clockwork }: Truth): number {
  if (clockwork && random() < clockwork.share) return clockwork.every * (0.98 + random() * 0.04);
  const kind = random();
  const length =
    kind < 0.8
      ? factor * logNormal(random, 40, 1)
      : kind < 0.96
        ? factor * logNormal(random, 300, 0.8)
        : factor * logNormal(random, 2_400, 0.8);
  // Instants are in milliseconds, and no two activities fall into one.
  return Math.max(1, Math.round(length * 1_000)) / 1_000;
}

/** The silences of one visit under a timeout, up to its last activity or to where the person gives up. */
function visitOf(random: Random, factor: number, timeout: number, truth: Truth): VisitStep[] {
  const intended = logNormal(random, 7_200, 0.6);
  const steps: VisitStep[] = [];
  for (let at = 0; ; ) {
    const length = silence(random, factor, truth);
    at += length;
    if (at > intended) return steps;
    if (length < timeout) steps.push({ kind: 'returned', length });
    else if (random() < truth.giveUpShare) return [...steps, { kind: 'gave up', length }];
    else steps.push({ kind: 'came back', length });
  }
}

/** For each person and day, the visits of a population that works under an inactivity timeout. */
export function* visitsUnder(
  timeout: number,
  truth: Truth,
): Generator<{ readonly person: number; readonly day: number; readonly visits: readonly VisitStep[][] }> {
  const random = randomFrom(truth.seed);
  for (let person = 0; person < truth.people; person++) {
    const factor = logNormal(random, 1, 0.3);
    for (let day = 0; day < truth.days; day++) {
      const count = 1 + Math.floor(random() * 2);
      const visits = Array.from({ length: count }, () => visitOf(random, factor, timeout, truth));
      yield { person, day, visits };
    }
  }
}

/** What is to be recorded of a population that works under an inactivity timeout, and the truth behind it. */
export function populationUnder(timeout: number, truth: Truth): Outcome {
  const folded = new FoldedCounts();
  const sums = { visits: 0, signedInAgain: 0, gaveUp: 0, cuts: 0, exposureHours: 0 };
  for (const { person, visits } of visitsUnder(timeout, truth)) {
    const note = noteIn(folded, person % foldCount);
    note('first', 1);
    for (const steps of visits) {
      noteVisit(steps, timeout, note);
      const count = (kind: VisitStep['kind']) => steps.filter((step) => step.kind === kind).length;
      const gaveUp = count('gave up');
      sums.visits++;
      sums.gaveUp += gaveUp;
      sums.signedInAgain += count('came back');
      sums.cuts += count('came back') + 1;
      const silences = [...steps.map(({ length }) => length), ...(gaveUp ? [] : [timeout])];
      for (const length of silences)
        sums.exposureHours += Math.max(0, Math.min(length, timeout) - 120) / 3_600;
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

/** Every visit ends with a cut: at its end the session is left alone. */
function noteVisit(steps: readonly VisitStep[], timeout: number, note: Note): void {
  for (const { kind, length } of steps) {
    if (kind === 'returned') note('returned', length);
    if (kind !== 'came back') continue;
    note('cut', timeout);
    note('back', length);
    note('resumed', length - timeout);
  }
  note('cut', timeout);
}
