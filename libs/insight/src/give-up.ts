import type { Arm } from '@curfew/session-policy/trial';
import { type Counts, countWithin, type FoldedCounts, foldCount, sumOf } from './counts.js';
import type { GiveUpShare } from './evidence.js';
import { evenFolds, intervalOf, jackknifeError } from './jackknife.js';

/** Counts of one arm of a canary, made under one inactivity timeout. */
export interface ArmCounts {
  readonly arm: Arm;
  readonly inactivityTimeout: number;
  readonly folded: FoldedCounts;
  /** Days on which something was counted. */
  readonly days: number;
}

/** The two arms of a canary, the one with the shorter timeout first. */
export interface ComparedArms {
  readonly shorter: ArmCounts;
  readonly longer: ArmCounts;
}

/** The share of people who give up at the sign-in page, as far as a canary tells it. */
export interface MeasuredGiveUp {
  /** Undefined while there is too little data. */
  readonly share: GiveUpShare | undefined;
  /** The 95 % interval, however wide it is. */
  readonly interval: { readonly low: number; readonly high: number };
  /** First long silences in the arm that has fewer of them. */
  readonly have: number;
  readonly need: number;
  /** Days until there is enough at the present rate; null where nothing comes in. */
  readonly days: number | null;
}

/** An interval that is wider says hardly more than the band that is assumed without a canary. */
const maxHalfWidth = 0.05;
/** Fewer first long silences in an arm say nothing yet. */
const minReached = 200;

/** The arms that can be compared, each with the timeout under which most silences were counted. Undefined if there are no two. */
export function comparedArms(arms: readonly ArmCounts[]): ComparedArms | undefined {
  const [control, canary] = ([0, 1] as const).map((arm) => {
    const own = arms.filter((one) => one.arm === arm && reachedIn(one) > 0);
    return own.sort((a, b) => reachedIn(b) - reachedIn(a))[0];
  });
  if (!control || !canary || control.inactivityTimeout === canary.inactivityTimeout) return undefined;
  return control.inactivityTimeout < canary.inactivityTimeout
    ? { shorter: control, longer: canary }
    : { shorter: canary, longer: control };
}

/** First long silences of an arm. */
export const reachedIn = ({ folded }: ArmCounts): number => sumOf(folded.total().reached);

/** The share of the first long silences of an arm that ended within `seconds`, by activity or a new sign-in. */
const backShare = ({ reached, rejoined }: Counts, seconds: number): number => {
  const all = sumOf(reached);
  return all === 0 ? 0 : countWithin(rejoined, seconds) / all;
};

/** An estimator of both arms on all folds, and with each fold left out. */
function withReplicates(
  { shorter, longer }: ComparedArms,
  estimate: (shorter: Counts, longer: Counts) => number,
): { readonly value: number; readonly leftOut: readonly number[] } {
  const [short, long] = [shorter.folded.withoutEach(), longer.folded.withoutEach()];
  return {
    value: estimate(shorter.folded.total(), longer.folded.total()),
    leftOut: Array.from({ length: foldCount }, (_, fold) => estimate(short[fold]!, long[fold]!)),
  };
}

/**
 * φ = 1 − (y/n of the shorter arm) / (y/n of the longer arm): it compares the first silences of a visit that reached the shorter timeout, and counts those that
 * ended before the longer one. In the longer arm nobody was shown a sign-in page by then. The interval is that of the ratio's logarithm.
 */
export function giveUpFrom(arms: ComparedArms): MeasuredGiveUp {
  const upTo = arms.longer.inactivityTimeout;
  const { value, leftOut } = withReplicates(arms, (shorter, longer) =>
    Math.log(backShare(shorter, upTo) / backShare(longer, upTo)),
  );
  const have = Math.min(reachedIn(arms.shorter), reachedIn(arms.longer));
  const { low, high } = intervalOf(value, leftOut, {}, evenFoldsOf(arms));
  const share = { low: 1 - Math.exp(high), high: 1 - Math.exp(low) };
  const halfWidth = (share.high - share.low) / 2;
  const isKnown = Number.isFinite(halfWidth) && have >= minReached;
  const widthsOver = Number.isFinite(halfWidth) ? Math.max(1, halfWidth / maxHalfWidth) : 1;
  const need = Math.max(minReached, Math.ceil(have * widthsOver ** 2));
  const perDay = have / Math.max(1, arms.shorter.days);
  const isEnough = isKnown && halfWidth <= maxHalfWidth;
  return {
    share: isEnough ? { low: bounded(share.low), high: bounded(share.high), isMeasured: true } : undefined,
    interval: share,
    have,
    need: isEnough ? have : need,
    days: isEnough ? 0 : perDay === 0 ? null : Math.max(1, Math.ceil((need - have) / perDay)),
  };
}

/** How many folds of one size would tell as much as those of both arms: the arm that fills them less evenly limits it. */
export const evenFoldsOf = ({ shorter, longer }: ComparedArms): number =>
  Math.min(
    ...[shorter, longer].map(({ folded }) => evenFolds(folded.folds.map(({ reached }) => sumOf(reached)))),
  );

const bounded = (share: number): number => Math.min(0.95, Math.max(0, share));

/** A difference between the arms of a canary, with its standard error. */
export interface ArmDifference {
  readonly value: number;
  readonly error: number;
}

/** How long after its last activity a visit is looked for again, in seconds. */
const visitGoesOnWithin = 8 * 3_600;

/**
 * Visits that the shorter timeout loses, for each visit: how many fewer people are back within eight hours of their first long silence. It
 * needs no model, because chance alone decides who is in which arm.
 */
export function lostVisits(arms: ComparedArms): ArmDifference {
  const perVisit = ({ reached, cut, censored, back }: Counts): number => {
    const visits = sumOf(cut) + sumOf(censored) - sumOf(back);
    return visits < 1 ? 0 : Math.min(1, sumOf(reached) / visits);
  };
  const { value, leftOut } = withReplicates(
    arms,
    (shorter, longer) =>
      perVisit(longer) * (backShare(longer, visitGoesOnWithin) - backShare(shorter, visitGoesOnWithin)),
  );
  return { value, error: jackknifeError(leftOut) };
}
