import { bucketCount, bucketOf, type CountKind, countKinds, FoldedCounts, foldCount } from '../src/index.js';

/** Numbers from 0 up to, and without, 1. */
export type Random = () => number;

/** A source of random numbers that depends on its seed alone (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

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
  if (kind < 0.8) return factor * logNormal(random, 40, 1);
  return kind < 0.96 ? factor * logNormal(random, 300, 0.8) : factor * logNormal(random, 2_400, 0.8);
}

/** A population that works under an inactivity timeout, and what is recorded of it. */
export function populationUnder(timeout: number, truth: Truth): Outcome {
  const random = randomOf(truth.seed);
  const folded = new FoldedCounts();
  const sums = { visits: 0, signedInAgain: 0, gaveUp: 0, cuts: 0, exposureHours: 0 };
  for (let person = 0; person < truth.people; person++) {
    const factor = logNormal(random, 1, 0.3);
    const note = noteIn(folded, person % foldCount);
    for (let day = 0; day < truth.days; day++) {
      note('first', 1);
      const visits = 1 + Math.floor(random() * 2);
      for (let visit = 0; visit < visits; visit++) workThrough(random, factor, timeout, truth, note, sums);
    }
  }
  return { folded, ...sums };
}

type Note = (kind: CountKind, seconds: number) => void;

function noteIn(folded: FoldedCounts, fold: number): Note {
  return (kind, seconds) => {
    folded.folds[fold]![kind][bucketOf(seconds * 1_000)]!++;
  };
}

function workThrough(
  random: Random,
  factor: number,
  timeout: number,
  truth: Truth,
  note: Note,
  sums: { -readonly [Name in keyof Omit<Outcome, 'folded'>]: number },
): void {
  sums.visits++;
  const intended = logNormal(random, 7_200, 0.6);
  const unattended = (length: number) => {
    sums.exposureHours += Math.max(0, Math.min(length, timeout) - 120) / 3_600;
  };
  for (let at = 0; ; ) {
    const length = silence(random, factor, truth);
    at += length;
    if (at > intended) break;
    unattended(length);
    if (length < timeout) {
      note('returned', length);
      continue;
    }
    sums.cuts++;
    note('cut', timeout);
    if (random() < truth.giveUpShare) {
      sums.gaveUp++;
      return;
    }
    sums.signedInAgain++;
    note('back', length);
    note('resumed', length - timeout);
  }
  sums.cuts++;
  unattended(timeout);
  note('cut', timeout);
}

/** Every kind has a histogram of the same size. */
export const isComplete = (folded: FoldedCounts): boolean =>
  folded.folds.every((counts) => countKinds.every((kind) => counts[kind].length === bucketCount));
