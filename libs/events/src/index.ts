export { Detector, type DetectorAnswers, type RaisedAlert } from './alerts/detector.js';
export {
  type AlertAnswer,
  type AlertAnswers,
  type AlertPattern,
  type AlertThreshold,
  type AlertThresholds,
  alertAnswers,
  alertPatterns,
  type Pattern,
  patterns,
  type Sign,
} from './alerts/patterns.js';
export { ThrottledNetworks } from './alerts/throttled-networks.js';
export { Watch, type WatchParts } from './alerts/watch.js';
export { alertsChannel, type EventPlace, type PlacedEvent, WatchStore } from './alerts/watch.store.js';
export { nextAttempt, type RetryPatience, usualPatience } from './delivery/backoff.js';
export { type AttemptOutcome, Courier, type CourierParts } from './delivery/courier.js';
export {
  type Compose,
  type DeliveryTarget,
  type OutgoingRequest,
  type ReceiverKind,
  receiverKinds,
  type Send,
  type StoredEvent,
  type TakenDelivery,
} from './delivery/delivery.js';
export { DeliveryStore, type OutboxDepth, type Take } from './delivery/delivery.store.js';
export { composeLogout, logoutClaims, type SignJwt, tokenId } from './delivery/logout-token.js';
export {
  ReceiverError,
  type ReceiverFault,
  Receivers,
  type ReceiversParts,
  type WebhookWish,
} from './delivery/receivers.js';
export {
  type DeadLetter,
  type Receiver,
  type ReceiverFields,
  type ReceiverStatus,
  ReceiversStore,
} from './delivery/receivers.store.js';
export {
  composeWebhook,
  newWebhookSecret,
  type SecretSeal,
  SecretUnreadable,
  webhookBody,
  webhookSignature,
} from './delivery/webhook.js';
export * from './event-log.js';
export {
  type AnnouncedEnds,
  type AnnouncedMassEnd,
  countEnds,
  endsChannel,
  noEnds,
  readAnnouncement,
} from './feed/announcement.js';
export { type Confirmation, EndConfirmation } from './feed/end-confirmation.js';
export {
  type FeedPosition,
  FeedStore,
  type ReadEnds,
  readPosition,
  writePosition,
} from './feed/feed.store.js';
export type { FeedMessage } from './feed/feed-message.js';
export { type FeedNode, FeedNodeStore } from './feed/feed-node.store.js';
export {
  type FollowerReport,
  Followers,
  type FollowerWord,
  leaseMs,
  TooManyFollowers,
} from './feed/followers.js';
export {
  beatIntervalMs,
  type FeedReader,
  SessionFeed,
  type SessionFeedParts,
} from './feed/session-feed.js';
export {
  type ChainCheck,
  type ChainHead,
  type ChainProblem,
  EventHistory,
  type HistoryRetention,
} from './history/event-history.store.js';
export { withFreshEventTables, withFreshTables } from './manual.js';
export { PollStore, type WaitingEvent } from './streams/poll.store.js';
export {
  composePush,
  deliveryBehind,
  offeredEvents,
  pushHeaders,
  type StreamIdentity,
  setAlgorithm,
  setClaims,
  setId,
  typesBehind,
  verificationEvent,
} from './streams/security-event.js';
export { Streams, type StreamsParts, type StreamWish } from './streams/streams.js';
export { isExcluded, readSubject, type StreamSubject, type SubjectDirectory } from './streams/subjects.js';
export type { CountedEvent } from './tallies.js';
