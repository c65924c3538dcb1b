import type { Clock } from '@curfew/clock';
import { newEventId } from '../delivery/courier.js';
import { ReceiverError } from '../delivery/receivers.js';
import type {
  Receiver,
  ReceiverFields,
  ReceiverStatus,
  ReceiversStore,
} from '../delivery/receivers.store.js';
import type { SecretSeal } from '../delivery/webhook.js';
import { typesBehind } from './security-event.js';
import {
  excludedOf,
  findSubject,
  maxExcluded,
  type NamedSubject,
  type SubjectDirectory,
  withSubject,
} from './subjects.js';

/** A stream as its owner wants it (SSF 1.0 §8.1.1). */
export interface StreamWish {
  readonly method: 'push' | 'poll';
  /** The address to push to; null for a stream that is polled. */
  readonly address: string | null;
  readonly eventsRequested: readonly string[];
  readonly description: string | null;
}

/** The parts of streams. */
export interface StreamsParts {
  readonly store: ReceiversStore;
  readonly clock: Clock;
  readonly seal: SecretSeal;
  readonly subjects: SubjectDirectory;
  /** Says what is wrong with an address this service would post to, or null. */
  readonly addressFault: (address: string) => string | null;
}

/** Streams of security event tokens; each client has one at most. */
export class Streams {
  constructor(private readonly parts: StreamsParts) {}

  /** The stream of a client, or null. */
  of(clientId: string): Promise<Receiver | null> {
    return this.parts.store.find(idOf(clientId));
  }

  /** Makes the client's stream; `authorization` is sent along with what is pushed. @throws ReceiverError */
  async create(clientId: string, wish: StreamWish, authorization: string | null): Promise<Receiver> {
    const { store, clock, seal } = this.parts;
    const id = idOf(clientId);
    if (await store.find(id)) throw new ReceiverError('changed_meanwhile', 'the client has a stream already');
    const secrets = authorization === null ? [] : [seal.close(authorization, id)];
    const fields = this.#fields(clientId, wish, 'enabled', null);
    await store.insert(id, wish.method === 'push' ? 'set_push' : 'set_poll', fields, secrets, clock.now());
    return (await store.find(id))!;
  }

  /** Changes which events are told, where to, or the description; the method stays. @throws ReceiverError */
  async change(stream: Receiver, clientId: string, wish: StreamWish): Promise<Receiver> {
    const { store, clock } = this.parts;
    const fields = this.#fields(
      clientId,
      wish,
      stream.status,
      stream.statusReason,
      excludedOf(stream.settings),
    );
    if (!(await store.replace(stream.id, stream.version, fields, clock.now())))
      throw new ReceiverError('changed_meanwhile', 'the stream was changed by somebody else');
    return (await store.find(stream.id))!;
  }

  /** Enables, pauses (what happens is kept, in order) or disables a stream. @throws ReceiverError */
  async setStatus(stream: Receiver, status: ReceiverStatus, reason: string | null): Promise<void> {
    const { name, address, clientId, eventTypes, settings } = stream;
    const fields = { name, address, clientId, eventTypes, settings, status, statusReason: reason };
    if (!(await this.parts.store.replace(stream.id, stream.version, fields, this.parts.clock.now())))
      throw new ReceiverError('changed_meanwhile', 'the stream was changed by somebody else');
  }

  /** Leaves a subject out of what a stream is told, or tells of it again. @throws ReceiverError */
  async setSubject(stream: Receiver, named: NamedSubject, told: boolean): Promise<void> {
    const { name, address, clientId, eventTypes, settings, status, statusReason } = stream;
    const subject = await findSubject(named, this.parts.subjects, excludedOf(settings));
    if (!subject) throw new ReceiverError('unknown_subject', 'there is no such account or session here');
    const excluded = withSubject(excludedOf(settings), subject, told);
    if (excluded.length > maxExcluded)
      throw new ReceiverError('invalid_subject', `a stream leaves out at most ${maxExcluded} subjects`);
    const fields = {
      name,
      address,
      clientId,
      eventTypes,
      settings: { ...settings, excluded },
      status,
      statusReason,
    };
    if (!(await this.parts.store.replace(stream.id, stream.version, fields, this.parts.clock.now())))
      throw new ReceiverError('changed_meanwhile', 'the stream was changed by somebody else');
  }

  /** Removes a stream with everything that waits for it. */
  async remove(stream: Receiver): Promise<void> {
    await this.parts.store.remove(stream.id);
  }

  /** An id for a token that is about no event. */
  newTokenId(): string {
    return newEventId(this.parts.clock.now());
  }

  #fields(
    clientId: string,
    { address, eventsRequested, description, method }: StreamWish,
    status: ReceiverStatus,
    statusReason: string | null,
    excluded: readonly string[] = [],
  ): ReceiverFields {
    const fault = method === 'push' ? this.parts.addressFault(address ?? '') : null;
    if (fault !== null) throw new ReceiverError('invalid_address', `the endpoint_url ${fault}`);
    const eventTypes = typesBehind(eventsRequested);
    if (eventTypes.length === 0)
      throw new ReceiverError('unknown_event_type', 'none of the requested events is offered');
    const settings = { aud: clientId, eventsRequested: [...eventsRequested], description, excluded };
    return {
      name: `stream of ${clientId}`,
      address,
      clientId: null,
      eventTypes,
      settings,
      status,
      statusReason,
    };
  }
}

const idOf = (clientId: string): string => `stream:${clientId}`;
