import type { NewEvent } from '@curfew/events';
import type { EventData, EventType, Instant } from '@curfew/session-policy';
import { newId } from '@curfew/tokens';
import type { Caller } from './caller.js';

/** An act of an operator: the caller, the operation, the instant and the note. */
export interface Act {
  readonly caller: Caller;
  readonly operation: string;
  readonly now: Instant;
  readonly note?: string | undefined;
  /** The ETag of what the caller saw, where they name one. */
  readonly seen?: string | undefined;
}

/** The act a request asks for. */
export const actOf = (
  { caller, now, seen }: Pick<Act, 'caller' | 'now' | 'seen'>,
  { id }: { readonly id: string },
  note?: string,
): Act => ({ caller, now, operation: id, note, seen });

/** Whom an event is about. */
export interface Subjects {
  readonly sessionId?: string | null;
  readonly accountId?: string | null;
  readonly clientId?: string | null;
}

/** An event of the closed list, ready to be written in the transaction of what it tells. */
export const eventOf = <T extends EventType>(
  type: T,
  data: EventData[T],
  now: Instant,
  { sessionId = null, accountId = null, clientId = null }: Subjects = {},
): NewEvent => ({ id: newId(now), at: now, type, sessionId, accountId, clientId, data }) as NewEvent;

/** The event of an operator's act: actor, network, target, extent, and note. */
export const adminActed = (
  caller: Caller,
  operation: string,
  target: string | null,
  now: Instant,
  more: {
    readonly count?: number | null;
    readonly note?: string | undefined;
    readonly outcome?: 'done' | 'refused' | 'failed';
  } & Subjects = {},
): NewEvent =>
  eventOf(
    'admin.acted',
    {
      operation,
      target,
      outcome: more.outcome ?? 'done',
      count: more.count ?? null,
      note: more.note ?? null,
      by: caller.actor,
    },
    now,
    more,
  );
