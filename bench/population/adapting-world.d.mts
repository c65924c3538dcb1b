import type { PolicyService } from '@curfew/clients';
import type { ManualClock } from '@curfew/clock';
import type { NeededForAdaptation } from '@curfew/insight/adaptation';
import type { PlannedVisit, Population } from './adversaries.mjs';

/** The classes of the admin API that decide. */
// biome-ignore lint/suspicious/noExplicitAny: they are only made and handed to each other
export type DecidingParts = Readonly<Record<DecidingPart, new (...parts: any[]) => unknown>>;

type DecidingPart =
  | 'AdaptationStore'
  | 'AdaptationSteps'
  | 'NightlyAdaptation'
  | 'PolicyEvidence'
  | 'InsightQuestions'
  | 'PolicyActs';

/** What a night decided about a policy, and the policy after it. */
export interface Night {
  readonly kind: string;
  readonly reasons: readonly string[];
  readonly inactivityTimeout: number;
  readonly canary: { readonly inactivityTimeout: number; readonly share: number } | null;
  readonly createdBy: string;
  readonly version: number;
  readonly rollout: object | null;
}

/** A population that lives, with its nights. */
export interface LivingPopulation {
  readonly name: string;
  readonly nights: readonly Night[];
}

/** People who live under policies that adapt, in one process. */
export class AdaptingWorld {
  readonly clock: ManualClock;
  readonly policies: PolicyService;
  readonly nightly: { run(now: number): Promise<void> };
  readonly populations: readonly LivingPopulation[];
  readonly happened: {
    readonly visits: number;
    readonly refreshes: number;
    readonly signIns: number;
    readonly gaveUp: number;
  };

  static open(databaseUrl: string, parts: DecidingParts, needed: NeededForAdaptation): Promise<AdaptingWorld>;

  /** A client with people, and a policy of its own that adapts. */
  add(
    population: Population & { readonly plan: readonly (readonly PlannedVisit[])[] },
    settings: object,
  ): Promise<void>;

  /** Lives a day of every population, and decides in the night after it. */
  live(day: number): Promise<void>;

  close(): Promise<void>;
}
