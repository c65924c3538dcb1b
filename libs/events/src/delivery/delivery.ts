import type { EndReason, Instant } from '@curfew/session-policy';

/** Ways in which somebody can be told. */
export const receiverKinds = ['webhook', 'logout', 'set_push', 'set_poll'] as const;

/** A way in which somebody can be told. */
export type ReceiverKind = (typeof receiverKinds)[number];

/** An event as it stands in the table. */
export interface StoredEvent {
  readonly id: string;
  readonly at: Instant;
  readonly type: string;
  readonly sessionId: string | null;
  readonly accountId: string | null;
  readonly clientId: string | null;
  readonly data: Readonly<Record<string, unknown>> & { readonly reason?: EndReason };
}

/** Whom a delivery is for, as far as making the request needs it. */
export interface DeliveryTarget {
  readonly id: string;
  readonly kind: ReceiverKind;
  readonly address: string | null;
  readonly clientId: string | null;
  /** Sealed, newest first. */
  readonly secrets: readonly Uint8Array[];
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A delivery that this node has taken and must report about. */
export interface TakenDelivery {
  readonly id: string;
  /** This attempt's number, from 1. */
  readonly attempt: number;
  readonly target: DeliveryTarget;
  readonly event: StoredEvent;
}

/** The one request that delivers an event. */
export interface OutgoingRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Makes the request of one kind of receiver, or null if there is nothing to say; an error that it throws is a failed attempt. */
export type Compose = (delivery: TakenDelivery, now: Instant) => Promise<OutgoingRequest | null>;

/** A request to an address somebody else chose; MUST refuse private addresses, follow no redirect and be bounded in time. */
export type Send = (
  url: string,
  init: { method: string; headers: Record<string, string>; body: string; signal: AbortSignal },
) => Promise<Response>;
