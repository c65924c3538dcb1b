export { untilBeat, waitForBeatMs } from './beats.js';
export { Clock, type Instant } from './clock.js';
export {
  type ClockReport,
  type Discipline,
  DisciplinedClock,
} from './disciplined-clock.js';
export { installAsProcessTime, wallClock } from './host-time.js';
export { ManualClock } from './manual-clock.js';
