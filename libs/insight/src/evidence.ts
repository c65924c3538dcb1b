import type { Assumption } from './assumption.js';
import { addTo, type Counts, countKinds, type FoldedCounts, foldCount, noCounts, sumOf } from './counts.js';
import { type Estimate, evenFolds, intervalOf } from './jackknife.js';
import { visitsIn } from './visits.js';

/** Counts that were made under one inactivity timeout. */
export interface CountsUnderTimeout {
  readonly inactivityTimeout: number;
  readonly folded: FoldedCounts;
}

/** One group of counts as an estimator sees it: all folds, or all but one. */
export interface TimeoutCounts {
  readonly inactivityTimeout: number;
  readonly counts: Counts;
}

/** The share of people who give up when they are shown the sign-in page: measured, or a band where it is not. */
export interface GiveUpShare {
  readonly low: number;
  readonly high: number;
  readonly isMeasured: boolean;
}

/**
 * Nobody can measure the share from records alone: a person who was cut and is not seen again has given up or had finished. Until a
 * randomised trial measures it, figures are given for this band.
 */
export const assumedGiveUpShare: GiveUpShare = { low: 0.05, high: 0.2, isMeasured: false };

/** Spans are taken for as spread as people's are (shape 2); the interval also covers more of a spread and nearly none (ADR 54). */
const spanShapes = [2, 1, 20] as const;

/** A figure of the groups under an assumption. */
export type Figure = (groups: readonly TimeoutCounts[], assumption: Assumption) => number;

/** Bounds that a figure cannot leave. */
export interface FigureBounds {
  readonly least?: number;
  readonly most?: number;
}

/** The counts of all groups together. */
export function totalCounts(groups: readonly TimeoutCounts[]): Counts {
  const total = noCounts();
  for (const { counts } of groups) for (const kind of countKinds) addTo(total[kind], counts[kind]);
  return total;
}

const endsIn = ({ cut, censored }: Counts): number => sumOf(cut) + sumOf(censored);

/** Counts under one or more timeouts, ready to be asked for figures with intervals. */
export class Evidence {
  readonly all: readonly TimeoutCounts[];
  readonly #leftOut: readonly (readonly TimeoutCounts[])[];
  readonly #folds: number;

  constructor(
    groups: readonly CountsUnderTimeout[],
    readonly giveUpShare: GiveUpShare = assumedGiveUpShare,
  ) {
    this.all = groups.map(({ inactivityTimeout, folded }) => ({ inactivityTimeout, counts: folded.total() }));
    this.#folds = evenFolds(
      Array.from({ length: foldCount }, (_, fold) =>
        groups.reduce((sum, { folded }) => sum + endsIn(folded.folds[fold]!), 0),
      ),
    );
    const replicates = groups.map(({ folded }) => folded.withoutEach());
    this.#leftOut = (replicates[0] ?? []).map((_, fold) =>
      groups.map(({ inactivityTimeout }, index) => ({
        inactivityTimeout,
        counts: replicates[index]![fold]!,
      })),
    );
  }

  /** Visits seen in all groups. */
  get visits(): number {
    return this.all.reduce((sum, { counts }) => sum + visitsIn(counts), 0);
  }

  /** Silences seen in all groups. */
  get silences(): number {
    return this.all.reduce(
      (sum, { counts }) => sum + sumOf(counts.returned) + sumOf(counts.cut) + sumOf(counts.censored),
      0,
    );
  }

  /** A figure with its 95 % interval, which covers every assumption that records do not decide. */
  estimate(figure: Figure, bounds: FigureBounds = { least: 0 }): Estimate {
    if (this.all.length === 0) return { value: 0, low: 0, high: 0 };
    const { low, high } = this.giveUpShare;
    const shares = low === high ? [low] : [low, high];
    const under = spanShapes.flatMap((spanShape) =>
      shares.map((giveUpShare) => this.#under(figure, { giveUpShare, spanShape }, bounds)),
    );
    const first = under.slice(0, shares.length);
    return {
      value: first.reduce((sum, { value }) => sum + value, 0) / first.length,
      low: Math.min(...under.map((one) => one.low)),
      high: Math.max(...under.map((one) => one.high)),
    };
  }

  #under(figure: Figure, assumption: Assumption, bounds: FigureBounds): Estimate {
    const leftOut = this.#leftOut.map((groups) => figure(groups, assumption));
    return intervalOf(figure(this.all, assumption), leftOut, bounds, this.#folds);
  }
}
