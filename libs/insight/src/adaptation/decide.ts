import { elapsedMs, type Instant } from '@curfew/session-policy';
import { studentQuantile } from '../student.js';
import {
  type AdaptationEvidence,
  type NeededForAdaptation,
  neededForAdaptation,
  targetTimeout,
  whatIsMissing,
  whatIsWrong,
} from './adaptation-evidence.js';
import { type AdaptationSettings, ceilingOf, isFrozenOn } from './adaptation-settings.js';
import type { AdaptationState, Rollout } from './adaptation-state.js';
import { stages } from './adaptation-state.js';

/** The next step, with its reasons. */
export type AdaptationDecision = {
  readonly reasons: readonly string[];
} & (
  | { readonly kind: 'stay' }
  /** Nothing changes while the reason lasts. */
  | { readonly kind: 'freeze' }
  /** A person is asked. */
  | { readonly kind: 'propose'; readonly to: number }
  /** The next stage of a rollout begins; with the last one, it is for all accounts. */
  | { readonly kind: 'stage'; readonly to: number; readonly stage: number }
  /** The rollout has come to its end, and nothing changes. */
  | { readonly kind: 'finish' }
  /** The timeout of before the rollout is in force again. */
  | { readonly kind: 'roll_back'; readonly to: number }
  /** A person changed the policy meanwhile: the rollout is theirs now. */
  | { readonly kind: 'abandon' }
);

/** The probability that a guard ends a rollout that does no harm, over all its nights. */
const falseAlarm = 0.01;
const dayMs = 86_400_000;
/** Nothing adapts for so long after a release. */
export const releaseDays = 14;
/** A step shortens the timeout by this share at most, and the next one follows after a week. */
const maxStep = 0.25;
const daysBetweenSteps = 7;
/** After a rollout was taken back none begins before four weeks of other evidence. */
const daysAfterRollback = 28;

/** The share of the false alarm that the look with this number may spend: all looks together spend no more than the whole. */
const spent = (look: number): number => falseAlarm / (look * (look + 1));

/** Decides on the next step of a policy. It depends on its arguments alone. */
export function decideAdaptation(
  settings: AdaptationSettings,
  state: AdaptationState,
  evidence: AdaptationEvidence,
  now: Instant,
  needed: NeededForAdaptation = neededForAdaptation,
): AdaptationDecision {
  if (settings.mode === 'off') return { kind: 'stay', reasons: ['adaptation is off'] };
  const { rollout } = state;
  if (rollout) {
    if (evidence.timeoutInForce !== (rollout.stage === stages.length ? rollout.to : rollout.from))
      return { kind: 'abandon', reasons: ['the policy was changed during the rollout'] };
    const harm = harmIn(evidence, rollout.looks + 1);
    if (harm.length > 0) return { kind: 'roll_back', to: within(settings, rollout.from), reasons: harm };
  }
  const frozen = frozenBy(settings, evidence, now);
  if (frozen.length > 0) return { kind: 'freeze', reasons: frozen };
  return rollout
    ? nextStage(settings, rollout, evidence, now, needed)
    : nextStep(settings, state, evidence, now, needed);
}

/** The guards that a rollout has passed with enough certainty, looked at for the nth time. */
function harmIn({ guards }: AdaptationEvidence, look: number): string[] {
  return guards.flatMap(({ name, value, error, folds, limit }) => {
    const least = value - studentQuantile(spent(look), folds - 1) * error;
    return Number.isFinite(least) && least > limit
      ? [
          `${name}: ${value.toFixed(4)}, at least ${least.toFixed(4)} with 99 % certainty over the rollout, and ${limit} is allowed`,
        ]
      : [];
  });
}

function frozenBy(settings: AdaptationSettings, evidence: AdaptationEvidence, now: Instant): string[] {
  const { openAttackAlerts, releasedAt } = evidence;
  const isReleased = releasedAt !== null && elapsedMs(releasedAt, now) < releaseDays * dayMs;
  return [
    ...(openAttackAlerts > 0 ? [`${openAttackAlerts} alert(s) of an attack are open`] : []),
    ...(isReleased ? [`an application was released less than ${releaseDays} days ago`] : []),
    ...(isFrozenOn(settings, now) ? ['this day is frozen by the settings'] : []),
  ];
}

function nextStage(
  settings: AdaptationSettings,
  { from, to, stage, since }: Rollout,
  evidence: AdaptationEvidence,
  now: Instant,
  needed: NeededForAdaptation,
): AdaptationDecision {
  const { stageVisits } = evidence;
  const days = Math.floor(elapsedMs(since, now) / dayMs);
  const missing = [
    ...(days < needed.stageDays ? [`the stage has lasted ${days} of ${needed.stageDays} days`] : []),
    ...(stageVisits < needed.stageVisits
      ? [`the stage has seen ${stageVisits} of ${needed.stageVisits} visits`]
      : []),
    ...whatIsWrong(evidence, needed),
  ];
  if (missing.length > 0) return { kind: 'stay', reasons: missing };
  if (stage === stages.length) return { kind: 'finish', reasons: ['every stage was passed without harm'] };
  if (to < settings.floor || to > ceilingOf(settings))
    return {
      kind: 'roll_back',
      to: within(settings, from),
      reasons: ['floor or ceiling have changed, and the new timeout is outside'],
    };
  return { kind: 'stage', to, stage: stage + 1, reasons: [`stage ${stage} was passed without harm`] };
}

/** A timeout brought between floor and ceiling. */
const within = (settings: AdaptationSettings, timeout: number): number =>
  Math.min(ceilingOf(settings), Math.max(settings.floor, timeout));

function nextStep(
  settings: AdaptationSettings,
  { tightenedAt, rolledBackAt }: AdaptationState,
  evidence: AdaptationEvidence,
  now: Instant,
  needed: NeededForAdaptation,
): AdaptationDecision {
  if (evidence.hasCanary) return { kind: 'stay', reasons: ['the policy has a canary that a person has set'] };
  const missing = whatIsMissing(evidence, needed);
  if (missing.length > 0) return { kind: 'stay', reasons: missing };
  const { timeoutInForce: before } = evidence;
  const target = targetTimeout(settings, evidence);
  if (before > ceilingOf(settings))
    return { kind: 'propose', to: target, reasons: ['the timeout in force is above the ceiling'] };
  if (target === before) return { kind: 'stay', reasons: [`${before} seconds are what the budget allows`] };
  if (target > before)
    return {
      kind: 'propose',
      to: target,
      reasons: [`the budget allows nothing shorter than ${target} seconds`],
    };
  if (tightenedAt !== null && elapsedMs(tightenedAt, now) < daysBetweenSteps * dayMs)
    return { kind: 'stay', reasons: [`the last step was less than ${daysBetweenSteps} days ago`] };
  if (rolledBackAt !== undefined && elapsedMs(rolledBackAt, now) < daysAfterRollback * dayMs)
    return {
      kind: 'stay',
      reasons: [`the last rollout was taken back less than ${daysAfterRollback} days ago`],
    };
  const to = Math.max(target, settings.floor, Math.ceil((before * (1 - maxStep)) / 60) * 60);
  if (to >= before) return { kind: 'stay', reasons: ['a shorter step than a minute is none'] };
  const reasons = [`the budget allows ${target} seconds; a step shortens by ${maxStep * 100} % at most`];
  return settings.mode === 'automatic'
    ? { kind: 'stage', to, stage: 1, reasons }
    : { kind: 'propose', to, reasons };
}
