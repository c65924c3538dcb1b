import { actorIn, type Usernames, withUsername } from '../accounts/usernames.store.js';
import type { EventPosition, StoredEvent } from './events.store.js';

/** A position as callers carry it around. */
export const writePosition = ({ epoch, xid, id }: EventPosition): string => `${epoch}.${xid}.${id}`;

/** Reads a position of the right form. */
export function positionOf(text: string): EventPosition {
  const [epoch = '0', xid = '0', id = ''] = text.split('.');
  // Beyond what a transaction id can be nothing has happened yet, and PostgreSQL would not read it.
  return {
    epoch: Number(epoch),
    xid: BigInt(xid) > 18_446_744_073_709_551_615n ? '18446744073709551615' : xid,
    id,
  };
}

/** Events as the wire has them, with names for people; one question for all of them. */
export async function eventsOnWire(events: readonly StoredEvent[], names: Usernames) {
  const usernames = await names.of(events.flatMap(({ account_id, data }) => [account_id, actorIn(data)?.id]));
  return events.map((event) => ({
    id: event.id,
    at: event.at.toISOString(),
    type: event.type,
    session_id: event.session_id,
    account_id: event.account_id,
    username: (event.account_id && usernames.get(event.account_id)) ?? null,
    client_id: event.client_id,
    by: withUsername(actorIn(event.data), usernames),
    data: event.data,
    position: writePosition(event),
  }));
}
