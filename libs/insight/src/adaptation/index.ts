export {
  type AdaptationEvidence,
  type Guard,
  type NeededForAdaptation,
  neededForAdaptation,
  targetTimeout,
} from './adaptation-evidence.js';
export {
  type AdaptationSettings,
  adaptationModes,
  budgetKinds,
  ceilingOf,
  complianceProfiles,
  type FrozenDays,
  type ParsedAdaptation,
  parseAdaptation,
} from './adaptation-settings.js';
export { type AdaptationState, afterStage, freshState, type Rollout, stages } from './adaptation-state.js';
export { type AdaptationDecision, decideAdaptation, releaseDays } from './decide.js';
export { failureGuard, foldShareOf, lostVisitsGuard, resumptionGuard, visitsOf } from './guards.js';
