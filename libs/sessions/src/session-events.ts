import type { NewEvent } from '@curfew/events';
import type { Instant } from '@curfew/session-policy';
import { newId } from './ids.js';
import type { StoredSession } from './store/session-store.js';

/** An event about a session, ready to be written. */
export const sessionEvent = (
  session: Pick<StoredSession, 'id' | 'accountId' | 'clientId'>,
  type: string,
  data: Readonly<Record<string, unknown>>,
  now: Instant,
): NewEvent => ({
  id: newId(now),
  at: now,
  type,
  sessionId: session.id,
  accountId: session.accountId,
  clientId: session.clientId,
  data,
});

/** An event about a client and none of its sessions in particular. */
export const clientEvent = (type: string, clientId: string, now: Instant): NewEvent => ({
  id: newId(now),
  at: now,
  type,
  sessionId: null,
  accountId: null,
  clientId,
  data: {},
});
