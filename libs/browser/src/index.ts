export { type Curfew, type CurfewEvents, type CurfewState, createCurfew } from './curfew.js';
export { CurfewError, type CurfewErrorCode } from './curfew-error.js';
export type { CurfewClocks, CurfewWarning } from './deadline-watch.js';
export type { CurfewOptions } from './options.js';
export type { CurfewSignIn } from './sign-in.js';
export type { CurfewEndReason } from './tabs.js';
export { type CurfewWarningWords, warningWords } from './warning-words.js';
