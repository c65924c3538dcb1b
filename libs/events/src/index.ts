export {
  type CountedEvent,
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
export { announceChangedClient, EndAnnouncer } from './feed/end-announcer.js';
export { type Confirmation, EndConfirmation } from './feed/end-confirmation.js';
export { FeedStore } from './feed/feed.store.js';
export type { FeedMessage } from './feed/feed-message.js';
export { FeedNodeStore } from './feed/feed-node.store.js';
export {
  type FollowerReport,
  type FollowerWord,
  leaseMs,
  TooManyFollowers,
  UnknownFollower,
} from './feed/followers.js';
export { SessionFeed } from './feed/session-feed.js';
export { EventHistory } from './history/event-history.store.js';
export { NewsStore } from './news.store.js';
