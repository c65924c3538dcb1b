import type { Instant } from '@curfew/session-policy';

/** Shares of the accounts, in per cent, that the stages of a rollout put under the new timeout. */
export const stages = [10, 50, 100] as const;

/** Each stage lasts so many days at least. */
export const stageDays = 7;

/** A shorter timeout on its way to all accounts. */
export interface Rollout {
  readonly from: number;
  readonly to: number;
  /** 1 for the first of the stages. */
  readonly stage: number;
  /** When the stage began. */
  readonly since: Instant;
  readonly startedAt: Instant;
  /** How often its guards have been looked at: each look spends a part of the certainty. */
  readonly looks: number;
}

/** How far a policy has come. */
export interface AdaptationState {
  readonly rollout: Rollout | null;
  /** When the last rollout began. */
  readonly tightenedAt: Instant | null;
  readonly stoppedAt: Instant | null;
  /** When the last rollout was taken back; left out where none was. */
  readonly rolledBackAt?: Instant;
}

/** The state at the beginning. */
export const freshState: AdaptationState = { rollout: null, tightenedAt: null, stoppedAt: null };

/** The state after a stage of a rollout has begun. */
export function afterStage(
  state: AdaptationState,
  { from, to, stage }: Pick<Rollout, 'from' | 'to' | 'stage'>,
  now: Instant,
): AdaptationState {
  const begun = state.rollout;
  return {
    ...state,
    rollout: { from, to, stage, since: now, startedAt: begun?.startedAt ?? now, looks: begun?.looks ?? 0 },
    tightenedAt: begun ? state.tightenedAt : now,
  };
}
