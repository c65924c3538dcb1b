// The whole domain, for its own tests; other rooms see the index.

export * from '../src/authentication.js';
export * from '../src/browser-sign-in.js';
export * from '../src/decisions.js';
export { withFreshTables } from '../src/documentation.js';
export * from '../src/durations.js';
export * from '../src/effective-policy.js';
export * from '../src/end-reach.js';
export * from '../src/end-reasons.js';
export * from '../src/event-catalogue.js';
export * from '../src/event-causes.js';
export * from '../src/events.js';
export * from '../src/lifecycle.js';
export * from '../src/parse-policy.js';
export * from '../src/policy.js';
export * from '../src/policy-lint.js';
export { revocationTarget } from '../src/policy-settings.js';
export * from '../src/profiles.js';
export * from '../src/refresh.js';
export * from '../src/risk.js';
export * from '../src/session.js';
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
} from '../src/session-field.js';
export {
  type Canary,
  type IpGranularity,
  ipGranularities,
  type RiskAction,
  riskActions,
  type Setting,
  type SettingShape,
} from '../src/setting.js';
export * from '../src/siblings.js';
export * from '../src/signals.js';
export * from '../src/standing.js';
export * from '../src/time.js';
export * from '../src/trial.js';
