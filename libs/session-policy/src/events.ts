import type { EventData, EventType } from './event-catalogue.js';
import type { SessionId } from './session.js';
import type { Instant } from './time.js';

/** Something that happened, of one type: when, to whom, and what its type tells. */
export type EventOf<T extends EventType> = {
  readonly type: T;
  readonly at: Instant;
  readonly sessionId: SessionId | null;
  readonly accountId: string | null;
  readonly clientId: string | null;
  readonly data: EventData[T];
};

/** Anything that can happen. Handle it by its `type`. */
export type SessionEvent = { readonly [T in EventType]: EventOf<T> }[EventType];
