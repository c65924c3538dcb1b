export * from './access.js';
export * from './access-token.js';
export * from './authentication.js';
export * from './browser-sign-in.js';
export * from './deadlines.js';
export * from './decisions.js';
export { withFreshTables } from './documentation.js';
export * from './durations.js';
export * from './effective-policy.js';
export * from './end-reach.js';
export * from './end-reasons.js';
export * from './event-catalogue.js';
export * from './events.js';
export * from './lifecycle.js';
export * from './not-before.js';
export * from './parse-policy.js';
export * from './policy.js';
export * from './policy-lint.js';
export { revocationTarget } from './policy-settings.js';
export * from './profiles.js';
export * from './refresh.js';
export { concurrentWithin } from './reuse.js';
export * from './risk.js';
export * from './session.js';
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
export {
  type Canary,
  type IpGranularity,
  ipGranularities,
  type RiskAction,
  riskActions,
  type Setting,
  type SettingShape,
} from './setting.js';
export * from './setting-sources.js';
export * from './signals.js';
export * from './time.js';
export * from './trial.js';
