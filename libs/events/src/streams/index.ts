export { PollStore } from './poll.store.js';
export {
  composePush,
  deliveryBehind,
  offeredEvents,
  pushHeaders,
  setAlgorithm,
  setClaims,
  setId,
  verificationEvent,
} from './security-event.js';
export { Streams, type StreamWish } from './streams.js';
export { isExcluded, readSubject } from './subjects.js';
