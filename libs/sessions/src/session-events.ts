import type { EventData, EventOf, EventType, Instant } from '@curfew/session-policy';
import { newId } from '@curfew/tokens';
import type { StoredSession } from './store/session-store.js';

/** An event about a session, ready to be written. */
export const sessionEvent = <T extends EventType>(
  session: Pick<StoredSession, 'id' | 'accountId' | 'clientId'>,
  type: T,
  data: EventData[T],
  now: Instant,
): EventOf<T> & { readonly id: string } => ({
  id: newId(now),
  at: now,
  type,
  sessionId: session.id,
  accountId: session.accountId,
  clientId: session.clientId,
  data,
});

/** An event about a client and none of its sessions in particular. */
export const clientEvent = <T extends EventType>(
  clientId: string | null,
  type: T,
  data: EventData[T],
  now: Instant,
): EventOf<T> & { readonly id: string } => ({
  id: newId(now),
  at: now,
  type,
  sessionId: null,
  accountId: null,
  clientId,
  data,
});

/** An event about an account and none of its sessions in particular. */
export const accountEvent = <T extends EventType>(
  accountId: string | null,
  type: T,
  data: EventData[T],
  now: Instant,
): EventOf<T> & { readonly id: string } => ({
  id: newId(now),
  at: now,
  type,
  sessionId: null,
  accountId,
  clientId: null,
  data,
});
