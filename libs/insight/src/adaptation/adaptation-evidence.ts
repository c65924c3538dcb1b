import type { Instant } from '@curfew/session-policy';
import { bucketEdges } from '../counts.js';
import type { Estimate } from '../jackknife.js';
import { type AdaptationSettings, ceilingOf } from './adaptation-settings.js';
import { stageDays } from './adaptation-state.js';

/** A harm that ends a rollout where it is certain enough. */
export interface Guard {
  readonly name: string;
  readonly value: number;
  /** Its standard error. */
  readonly error: number;
  /** Folds of one size that would tell the error as well. */
  readonly folds: number;
  readonly limit: number;
}

/** All that a decision about a policy rests on. */
export interface AdaptationEvidence {
  readonly timeoutInForce: number;
  readonly hasCanary: boolean;
  readonly days: number;
  readonly visits: number;
  readonly accounts: number;
  /** The largest share of the silences that one fold of accounts has. */
  readonly foldShare: number;
  /** The budget's figure in the earlier and in the later half of the days; null where a half has too few counts to tell it. */
  readonly halves: readonly [Estimate, Estimate] | null;
  /** The budget's figure under a timeout. */
  readonly costOf: (timeout: number) => Estimate;
  /** Visits that the present stage of a rollout has seen, in both arms. */
  readonly stageVisits: number;
  readonly guards: readonly Guard[];
  readonly openAttackAlerts: number;
  readonly releasedAt: Instant | null;
}

/** How much a decision needs: days, visits and accounts at least, the largest share of one fold, and what each stage of a rollout must have seen. */
export interface NeededForAdaptation {
  readonly days: number;
  readonly visits: number;
  readonly accounts: number;
  readonly foldShare: number;
  readonly stageDays: number;
  readonly stageVisits: number;
}

/** The least that a decision needs. */
export const neededForAdaptation: NeededForAdaptation = {
  ...{ days: 14, visits: 15_000, accounts: 200, foldShare: 0.2 },
  ...{ stageDays, stageVisits: 5_000 },
};

/** A change of the figure by more than this share between the halves is a drift, where chance does not explain it. */
const maxDrift = 0.2;

/** Everything that is missing before a decision, or wrong with the evidence. */
export function whatIsMissing(evidence: AdaptationEvidence, needed: NeededForAdaptation): string[] {
  const { days, visits, accounts } = evidence;
  const perDay = days === 0 ? 0 : visits / days;
  const until = (missing: number) =>
    perDay === 0 ? '' : `, enough in about ${Math.ceil(missing / perDay)} day(s)`;
  return [
    ...(days < needed.days ? [`${days} of ${needed.days} days were counted`] : []),
    ...(visits < needed.visits
      ? [`${visits} of ${needed.visits} visits were seen${until(needed.visits - visits)}`]
      : []),
    ...(accounts < needed.accounts ? [`${accounts} of ${needed.accounts} accounts were seen`] : []),
    ...whatIsWrong(evidence, needed),
  ];
}

/** A reason why the evidence is unfit to decide on, however much there is of it. */
export function whatIsWrong(
  { foldShare, halves }: AdaptationEvidence,
  needed: NeededForAdaptation,
): string[] {
  return [
    ...(foldShare > needed.foldShare
      ? [
          `one of 16 parts of the accounts has ${Math.round(foldShare * 100)} % of the silences, and ${needed.foldShare * 100} % is allowed`,
        ]
      : []),
    ...(halves === null
      ? ['too little was counted in a half of the days to see whether the figure drifts']
      : []),
    ...(halves && hasDrifted(halves)
      ? ['the figure drifts: its later half differs from its earlier half']
      : []),
  ];
}

function hasDrifted([earlier, later]: readonly [Estimate, Estimate]): boolean {
  const isApart = earlier.high < later.low || later.high < earlier.low;
  const larger = Math.max(Math.abs(earlier.value), Math.abs(later.value));
  return isApart && Math.abs(later.value - earlier.value) > maxDrift * larger;
}

/** The timeouts that counts are exact at and that an operator is likely to choose. */
const chosen = bucketEdges.filter((edge) => edge >= 60 && edge <= 86_400 && edge % 60 === 0);

/**
 * The timeout that the budget asks for, within floor and ceiling: the shortest one whose sign-ins again are within it with 95 % certainty, or
 * the longest one whose exposure is. If none is, the bound nearest to that is taken.
 */
export function targetTimeout(settings: AdaptationSettings, evidence: AdaptationEvidence): number {
  const { floor, budget } = settings;
  const ceiling = Math.max(floor, ceilingOf(settings));
  const candidates = [...new Set([floor, ...chosen, evidence.timeoutInForce, ceiling])]
    .filter((timeout) => timeout >= floor && timeout <= ceiling)
    .sort((a, b) => a - b);
  const isWithin = (timeout: number) => evidence.costOf(timeout).high <= budget.max;
  return budget.kind === 'sign_ins_per_person_day'
    ? (candidates.find(isWithin) ?? ceiling)
    : (candidates.toReversed().find(isWithin) ?? floor);
}
