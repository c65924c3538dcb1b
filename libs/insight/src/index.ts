export * from './adaptation/index.js';
export { lifetimeUnder } from './ages.js';
export { bucketCount, bucketEdges, bucketOf } from './buckets.js';
export {
  addTo,
  type CountKind,
  countBeyond,
  countKinds,
  FoldedCounts,
  foldCount,
  foldOf,
  noCounts,
  sumOf,
} from './counts.js';
export { CountsStore, type FoundCounts } from './counts.store.js';
export { type Shortfall, shortfalls, shortfallsOf } from './enough-data.js';
export {
  assumedGiveUpShare,
  type CountsUnderTimeout,
  Evidence,
  type Figure,
  totalCounts,
} from './evidence.js';
export { presenceSeconds } from './exposure.js';
export {
  cutAtWorkPerDay,
  cutsPerVisit,
  cutWhileWorking,
  exposurePerDay,
  gaveUpPerVisit,
  signInsPerPersonDay,
  signInsPerVisit,
} from './figures.js';
export { type FunnelWindow, funnelOf } from './funnel.js';
export { type ArmCounts, comparedArms, giveUpFrom, lostVisits, type MeasuredGiveUp } from './give-up.js';
export type { Estimate } from './jackknife.js';
export { type ClockworkShare, clockworkShare } from './low-value.js';
export { type EndedSilence, type SessionBefore, SilenceRecorder } from './recorder.js';
export { shareEstimate } from './shares.js';
export { type Valley, valleyOf } from './survival.js';
export { kindsOfVisits } from './visits.js';
export { CountsWriter, countsWrittenEveryMs } from './writer.js';
