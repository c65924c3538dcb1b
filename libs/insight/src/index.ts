export { lifetimeUnder } from './ages.js';
export {
  addTo,
  bucketEdges,
  bucketOf,
  type CountKind,
  countBeyond,
  countKinds,
  FoldedCounts,
  foldCount,
  noCounts,
  sumOf,
} from './counts.js';
export { CountsStore, type FoundCounts } from './counts.store.js';
export { type Shortfall, shortfallsOf } from './enough-data.js';
export {
  type CountsUnderTimeout,
  Evidence,
  type Figure,
  totalCounts,
} from './evidence.js';
export { presenceSeconds } from './exposure.js';
export { type FunnelWindow, funnelOf } from './funnel.js';
export { type ArmCounts, comparedArms, giveUpFrom, type MeasuredGiveUp } from './give-up.js';
export type { Estimate } from './jackknife.js';
export { type ClockworkShare, clockworkShare } from './low-value.js';
export { type EndedSilence, type SessionBefore, SilenceRecorder } from './recorder.js';
export { shareEstimate } from './shares.js';
export { type Valley, valleyOf } from './survival.js';
export { kindsOfVisits } from './visits.js';
export { CountsWriter, countsWrittenEveryMs } from './writer.js';
