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

/** An event as the wire has it. */
export const eventOnWire = (event: StoredEvent) => ({
  id: event.id,
  at: event.at.toISOString(),
  type: event.type,
  session_id: event.session_id,
  account_id: event.account_id,
  client_id: event.client_id,
  data: event.data,
  position: writePosition(event),
});
