export { type LifetimeOutcome, lifetimeUnder } from './ages.js';
export { bucketCount, bucketEdges, bucketOf } from './buckets.js';
export { type CountKind, type Counts, countKinds, FoldedCounts, foldCount, foldOf, sumOf } from './counts.js';
export {
  allClients,
  type CountsQuestion,
  CountsStore,
  type FoundCounts,
  type HourCounts,
} from './counts.store.js';
export { neededForAnswer, type Shortfall, shortfalls } from './enough-data.js';
export { assumedGiveUpShare, type CountsUnderTimeout, Evidence, type GiveUpShare } from './evidence.js';
export * from './figures.js';
export { type FunnelWindow, funnelOf } from './funnel.js';
export type { Estimate } from './jackknife.js';
export { type ClockworkShare, clockworkShare } from './low-value.js';
export {
  type EndedSilence,
  type SessionBefore,
  SilenceRecorder,
} from './recorder.js';
export { type Valley, valleyOf } from './survival.js';
export { CountsWriter, countsWrittenEveryMs } from './writer.js';
