export * from './decisions.js';
export * from './end-reasons.js';
export * from './policy.js';
export * from './session.js';
export * from './signals.js';
export * from './time.js';
