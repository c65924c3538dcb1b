export { untilBeat, waitForBeatMs } from './beats.js';
export { Clock, type Instant } from './clock.js';
export {
  ClockNotMeasured,
  type ClockReport,
  type Discipline,
  DisciplinedClock,
} from './disciplined-clock.js';
export { installAsProcessTime } from './host-time.js';
export { ManualClock } from './manual-clock.js';
