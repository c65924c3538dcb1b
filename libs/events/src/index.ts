export * from './event-log.js';
export {
  type AnnouncedEnds,
  type AnnouncedMassEnd,
  countEnds,
  endsChannel,
  noEnds,
  readAnnouncement,
} from './feed/announcement.js';
export {
  type FeedPosition,
  FeedStore,
  type ReadEnds,
  readPosition,
  writePosition,
} from './feed/feed.store.js';
export {
  beatIntervalMs,
  type FeedMessage,
  type FeedReader,
  SessionFeed,
  type SessionFeedParts,
} from './feed/session-feed.js';
