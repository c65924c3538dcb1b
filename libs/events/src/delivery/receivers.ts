import type { Clock } from '@curfew/clock';
import type { Transaction } from '@curfew/persistence';
import { isEventType } from '@curfew/session-policy/event-catalogue';
import { newEventId } from './courier.js';
import type { DeadLetter, Receiver, ReceiverStatus, ReceiversStore } from './receivers.store.js';
import { newWebhookSecret, type SecretSeal } from './webhook.js';

/** The fault of a receiver; the codes are stable. */
export type ReceiverFault =
  | 'invalid_name'
  | 'invalid_address'
  | 'invalid_subject'
  | 'unknown_event_type'
  | 'unknown_receiver'
  | 'unknown_subject'
  | 'changed_meanwhile'
  | 'not_a_webhook';

/** A receiver cannot be as somebody wants it. */
export class ReceiverError extends Error {
  override readonly name = 'ReceiverError';

  constructor(
    readonly code: ReceiverFault,
    message: string,
  ) {
    super(message);
  }
}

/** A webhook as somebody wants it. */
export interface WebhookWish {
  readonly name: string;
  readonly address: string;
  /** Empty or left out: all of the closed list. */
  readonly eventTypes?: readonly string[];
  /** Only what concerns this client. */
  readonly clientId?: string | null;
  readonly status?: ReceiverStatus;
}

/** The parts of the operators' changes to receivers. */
export interface ReceiversParts {
  readonly store: ReceiversStore;
  readonly clock: Clock;
  readonly seal: SecretSeal;
  /** Says what is wrong with an address this service would post to, or null. */
  readonly addressFault: (address: string) => string | null;
}

/** Registers webhooks, and shows what could not be delivered. A change inside a `transaction` commits with that. */
export class Receivers {
  constructor(private readonly parts: ReceiversParts) {}

  /** Registers a webhook for what happens from now on. Its secret is told here and never again. */
  async createWebhook(
    wish: WebhookWish,
    transaction?: Transaction,
  ): Promise<{ readonly receiver: Receiver; readonly secret: string }> {
    const { store, clock, seal } = this.parts;
    const fields = this.#checked(wish);
    const now = clock.now();
    const id = newEventId(now);
    const secret = newWebhookSecret();
    await store.insert(id, 'webhook', fields, [seal.close(secret, id)], now, transaction);
    return { receiver: await this.get(id, transaction), secret };
  }

  /** Replaces a webhook's registration; `version` is the one that was read. */
  async changeWebhook(
    id: string,
    version: number,
    wish: WebhookWish,
    transaction?: Transaction,
  ): Promise<Receiver> {
    const { store, clock } = this.parts;
    const known = await this.get(id, transaction);
    if (known.kind !== 'webhook') throw new ReceiverError('not_a_webhook', 'only webhooks are changed here');
    if (!(await store.replace(id, version, this.#checked(wish), clock.now(), transaction)))
      throw new ReceiverError('changed_meanwhile', 'the receiver was changed by somebody else');
    return this.get(id, transaction);
  }

  /** A new secret, told once. Deliveries carry signatures of it and of the one before, until it is rotated again. */
  async rotateSecret(id: string, transaction?: Transaction): Promise<string> {
    const { store, clock, seal } = this.parts;
    const secret = newWebhookSecret();
    if (!(await store.addSecret(id, seal.close(secret, id), clock.now(), transaction)))
      throw new ReceiverError('unknown_receiver', 'there is no such webhook');
    return secret;
  }

  /** Removes a webhook or stream with everything that waits for it. */
  async remove(id: string, transaction?: Transaction): Promise<void> {
    if (!(await this.parts.store.remove(id, transaction)))
      throw new ReceiverError('unknown_receiver', 'there is no such receiver that can be removed');
  }

  /** One receiver. */
  async get(id: string, transaction?: Transaction): Promise<Receiver> {
    const found = await this.parts.store.find(id, transaction);
    if (!found) throw new ReceiverError('unknown_receiver', 'there is no such receiver');
    return found;
  }

  /** Receivers in the order of their ids, after `after`. */
  list(after: string | null = null, most = 100): Promise<Receiver[]> {
    return this.parts.store.page(after, most);
  }

  /** The deliveries that were given up, oldest first, after `after`. */
  deadLetters(
    receiverId: string | null = null,
    after: string | null = null,
    most = 100,
  ): Promise<DeadLetter[]> {
    return this.parts.store.deadLetters(receiverId, after, most);
  }

  /** Sends dead letters of a receiver again, these or all, and says how many. */
  redrive(receiverId: string, ids: readonly string[] | 'all', transaction?: Transaction): Promise<number> {
    return this.parts.store.redrive(receiverId, ids, this.parts.clock.now(), transaction);
  }

  #checked({ name, address, eventTypes = [], clientId = null, status = 'enabled' }: WebhookWish) {
    if (name.trim().length === 0 || name.length > 200 || /\p{C}/u.test(name))
      throw new ReceiverError('invalid_name', 'the name must have between 1 and 200 visible characters');
    const fault = this.parts.addressFault(address);
    if (fault !== null) throw new ReceiverError('invalid_address', `the address ${fault}`);
    if (!eventTypes.every(isEventType))
      throw new ReceiverError('unknown_event_type', 'an event type is not of the closed list');
    return { name, address, clientId, eventTypes, settings: {}, status, statusReason: null };
  }
}
