export { withFreshTables } from './documentation.js';
export { settingNames, settingOf } from './policy.js';
export { lintPolicy, type PolicyWarning } from './policy-lint.js';
export { revocationTarget } from './policy-settings.js';
export { isProfileName, profileNames, profiles } from './profiles.js';
export type { SettingShape } from './setting.js';
export { settingSources } from './setting-sources.js';
