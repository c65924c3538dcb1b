import type { Instant } from '@curfew/session-policy';
import { bucketEdges } from '../buckets.js';
import type { Estimate } from '../jackknife.js';
import { type AdaptationSettings, ceilingOf } from './adaptation-settings.js';

/** A harm that ends a rollout where it is certain enough. */
export interface Guard {
  readonly name: string;
  readonly value: number;
  /** Its standard error. */
  readonly error: number;
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
  /** The budget's figure in the earlier and in the later half of the days. */
  readonly halves: readonly [Estimate, Estimate] | null;
  /** The budget's figure under a timeout. */
  readonly costOf: (timeout: number) => Estimate;
  /** Visits that the present stage of a rollout has seen, in both arms. */
  readonly stageVisits: number;
  readonly guards: readonly Guard[];
  readonly openAttackAlerts: number;
  readonly releasedAt: Instant | null;
}

/** The least that a decision needs. */
export const neededForAdaptation = { days: 14, visits: 15_000, accounts: 200, foldShare: 0.2 } as const;

/** A change of the figure by more than this share between the halves is a drift, where chance does not explain it. */
const maxDrift = 0.2;

/** Everything that is missing before a decision, or wrong with the evidence. */
export function whatIsMissing(evidence: AdaptationEvidence): string[] {
  const { days, visits, accounts, foldShare, halves } = evidence;
  const perDay = days === 0 ? 0 : visits / days;
  const until = (missing: number) =>
    perDay === 0 ? '' : `, enough in about ${Math.ceil(missing / perDay)} day(s)`;
  const {
    days: minDays,
    visits: minVisits,
    accounts: minAccounts,
    foldShare: maxShare,
  } = neededForAdaptation;
  return [
    ...(days < minDays ? [`${days} of ${minDays} days were counted`] : []),
    ...(visits < minVisits ? [`${visits} of ${minVisits} visits were seen${until(minVisits - visits)}`] : []),
    ...(accounts < minAccounts ? [`${accounts} of ${minAccounts} accounts were seen`] : []),
    ...(foldShare > maxShare
      ? [
          `one of 16 parts of the accounts has ${Math.round(foldShare * 100)} % of the silences, and ${maxShare * 100} % is allowed`,
        ]
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
