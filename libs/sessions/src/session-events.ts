import type { EventData, EventOf, EventType, Instant, SessionId } from '@curfew/session-policy';
import { newId } from '@curfew/tokens';
import type { StoredSession } from './store/session-store.js';

/** An event that is ready to be written. */
type ReadyEvent<T extends EventType> = EventOf<T> & { readonly id: string };

interface Subjects {
  readonly sessionId: SessionId | null;
  readonly accountId: string | null;
  readonly clientId: string | null;
}

const eventAbout = <T extends EventType>(
  { sessionId, accountId, clientId }: Subjects,
  type: T,
  data: EventData[T],
  now: Instant,
): ReadyEvent<T> => ({ id: newId(now), at: now, type, sessionId, accountId, clientId, data });

/** An event about a session. */
export const sessionEvent = <T extends EventType>(
  { id, accountId, clientId }: Pick<StoredSession, 'id' | 'accountId' | 'clientId'>,
  type: T,
  data: EventData[T],
  now: Instant,
): ReadyEvent<T> => eventAbout({ sessionId: id, accountId, clientId }, type, data, now);

/** An event about a client and none of its sessions in particular. */
export const clientEvent = <T extends EventType>(
  clientId: string | null,
  type: T,
  data: EventData[T],
  now: Instant,
): ReadyEvent<T> => eventAbout({ sessionId: null, accountId: null, clientId }, type, data, now);

/** An event about an account and none of its sessions in particular. */
export const accountEvent = <T extends EventType>(
  accountId: string | null,
  type: T,
  data: EventData[T],
  now: Instant,
): ReadyEvent<T> => eventAbout({ sessionId: null, accountId, clientId: null }, type, data, now);
