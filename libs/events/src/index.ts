export type { DetectorAnswers, RaisedAlert } from './alerts/detector.js';
export { type AlertThresholds, alertPatterns } from './alerts/patterns.js';
export { ThrottledNetworks } from './alerts/throttled-networks.js';
export { Watch, type WatchParts } from './alerts/watch.js';
export { alertsChannel, WatchStore } from './alerts/watch.store.js';
export { nextAttempt, type RetryPatience, usualPatience } from './delivery/backoff.js';
export { type AttemptOutcome, Courier } from './delivery/courier.js';
export { type ReceiverKind, receiverKinds, type Send, type StoredEvent } from './delivery/delivery.js';
export { DeliveryStore } from './delivery/delivery.store.js';
export { composeLogout, type SignJwt } from './delivery/logout-token.js';
export { ReceiverError, type ReceiverFault, Receivers, type WebhookWish } from './delivery/receivers.js';
export { type Receiver, type ReceiverStatus, ReceiversStore } from './delivery/receivers.store.js';
export { composeWebhook, type SecretSeal, webhookSignature } from './delivery/webhook.js';
export {
  EventLog,
  eventColumns,
  eventRow,
  eventRows,
  insertEvents,
  insertEventsText,
  insertSelectedEvents,
  type NewEvent,
} from './event-log.js';
export { endsChannel, readAnnouncement } from './feed/announcement.js';
export { EndAnnouncer } from './feed/end-announcer.js';
export { type Confirmation, EndConfirmation } from './feed/end-confirmation.js';
export { FeedStore } from './feed/feed.store.js';
export type { FeedMessage } from './feed/feed-message.js';
export { FeedNodeStore } from './feed/feed-node.store.js';
export { type FollowerReport, type FollowerWord, leaseMs, TooManyFollowers } from './feed/followers.js';
export { SessionFeed } from './feed/session-feed.js';
export { EventHistory } from './history/event-history.store.js';
export { NewsStore } from './news.store.js';
export type { CountedEvent } from './tallies.js';
