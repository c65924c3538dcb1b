export { decideAccess, endOf } from './access.js';
export { accessTokenLifetime } from './access-token.js';
export {
  type AuthenticationContext,
  type AuthenticationMethod,
  contextOf,
  contextsMeeting,
  contextToTell,
  decideContext,
  demandedBy,
  meetsPolicy,
  methodsTogether,
  provableContexts,
  reaches,
  strongerContext,
  weakestOf,
} from './authentication.js';
export {
  type BrowserSession,
  type BrowserSignInDecision,
  decideBrowserSignIn,
  signedInBrowser,
} from './browser-sign-in.js';
export { type DeadlineLimits, deadlines, idleWarningAt, inactivityTimeoutOf } from './deadlines.js';
export {
  type AccessDecision,
  type RefreshDecision,
  type ReuseEvidence,
  type RiskFinding,
  reuseClasses,
  unreachable,
} from './decisions.js';
export { withFreshTables } from './documentation.js';
export { parseDuration } from './durations.js';
export { effectivePolicy, type PolicyPlaces, policiesByPlace, trialOf } from './effective-policy.js';
export type { EndReach } from './end-reach.js';
export { administratorMayUse, type EndReason, endReach, endReasons, reachOf } from './end-reasons.js';
export { eventCatalogue, eventTypes, isCounted, isEventType } from './event-catalogue.js';
export {
  type Actor,
  type EventData,
  type EventOf,
  type EventType,
  protocolRefusals,
  type RefusalCause,
  type SessionEvent,
} from './events.js';
export {
  activityThrottleMs,
  beginning,
  kept,
  rotated,
  started,
  steppedUp,
  stepUpDemanded,
  stepUpOutstanding,
  touched,
} from './lifecycle.js';
export { killedBy, type NotBefore, withNotBefores } from './not-before.js';
export { formatPolicy, parsePolicy, type WrittenPolicy } from './parse-policy.js';
export { type SessionPolicy, settingNames, settingOf } from './policy.js';
export { lintPolicy, type PolicyWarning } from './policy-lint.js';
export { revocationTarget } from './policy-settings.js';
export { isProfileName, profileNames, profiles } from './profiles.js';
export { decideRefresh } from './refresh.js';
export { concurrentWithin } from './reuse.js';
export { assessRisk, differingSignals } from './risk.js';
export { type Session, type SessionId, type SignInFacts, sessionFields } from './session.js';
export {
  type FixedSessionField,
  type FixedSessionFieldValues,
  fixedValues,
  initially,
  type PolicySessionField,
  type SessionField,
  type SessionFieldKind,
  type SessionFieldValues,
  type SignInSessionField,
  signedIn,
} from './session-field.js';
export type { SettingShape } from './setting.js';
export { settingSources } from './setting-sources.js';
export { type RequestSignals, unknownSignals } from './signals.js';
export {
  earliest,
  elapsedMs,
  type Instant,
  instant,
  isPast,
  latest,
  plus,
  type Seconds,
  seconds,
  secondsUntil,
  wholeSecond,
} from './time.js';
export {
  type Arm,
  type CanaryTrial,
  type EffectivePolicy,
  isFirstLongSilence,
  placeCount,
  placeOf,
  placeOutside,
  type ShadowLimits,
  type ShadowMark,
  shadowMark,
  type Trial,
  type TriedSession,
} from './trial.js';
