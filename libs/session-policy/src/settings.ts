export { withFreshTables } from './documentation.js';
export {
  cited,
  type DocumentedTimeouts,
  documentedTimeouts,
  laxerThan,
} from './documented-timeouts.js';
export { formatDuration } from './durations.js';
export { settingNames, settingOf } from './policy.js';
export { lintPolicy, type PolicyWarning } from './policy-lint.js';
export { longestSession, revocationTarget } from './policy-settings.js';
export { isProfileName, profileNames, profiles } from './profiles.js';
export type { SettingShape } from './setting.js';
export { settingSources } from './setting-sources.js';
export { valueWords } from './value-words.js';
