export { parseDuration } from './durations.js';
export type { EndReach } from './end-reach.js';
export { administratorMayUse, type EndReason, endReasonEntry, endReasons, reachOf } from './end-reasons.js';
export type { EventData, EventType } from './event-catalogue.js';
export { type Actor, protocolRefusals, type RefusalCause } from './event-causes.js';
export type { EventOf, SessionEvent } from './events.js';
export { formatPolicy, parsePolicy, type WrittenPolicy } from './parse-policy.js';
export type { SessionPolicy } from './policy.js';
export { concurrentWithin } from './risk.js';
export { type Session, type SessionId, type SignInFacts, sessionFields } from './session.js';
export { type RequestSignals, unknownSignals } from './signals.js';
export { accessTokenLifetime } from './standing.js';
export {
  earliest,
  elapsedMs,
  type Instant,
  instant,
  isPast,
  latest,
  plus,
  type Seconds,
  seconds,
  secondsUntil,
  wholeSecond,
} from './time.js';
