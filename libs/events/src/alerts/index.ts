export type { DetectorAnswers, RaisedAlert } from './detector.js';
export { type AlertThresholds, alertPatterns } from './patterns.js';
export { ThrottledNetworks } from './throttled-networks.js';
export { Watch, type WatchParts } from './watch.js';
export { alertsChannel, WatchStore } from './watch.store.js';
