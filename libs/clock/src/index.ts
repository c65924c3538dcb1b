export { Clock, type Instant } from './clock.js';
export { ManualClock } from './manual-clock.js';
export {
  type ClockReport,
  type Discipline,
  DisciplinedClock,
  installAsProcessTime,
  untilBeat,
  waitForBeatMs,
  wallClock,
} from './process-time.js';
