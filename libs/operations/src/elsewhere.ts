export { actOnSignal, type SignalOutcome, type SignalParts } from './told-signals.js';
export { endOfUpstream } from './upstream-ends.js';
