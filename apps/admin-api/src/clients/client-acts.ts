import { ConsentService } from '@curfew/accounts';
import {
  type ChangedClient,
  type ClientChange,
  type ClientRegistration,
  ClientService,
  type RegisteredClient,
} from '@curfew/clients';
import { EventLog } from '@curfew/events';
import type { Transaction } from '@curfew/persistence';
import { type EventData, seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { type Act, adminActed, eventOf } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { EndAlong } from '../sessions/end-along.js';

type Ended = Awaited<ReturnType<EndAlong['within']>>;

/** What operators do to clients: each act is allowed by its authority, and commits with its events and the ends it brings. */
@Injectable()
export class ClientActs {
  constructor(
    private readonly clients: ClientService,
    private readonly consents: ConsentService,
    private readonly events: EventLog,
    private readonly ends: EndAlong,
    private readonly authority: Authority,
  ) {}

  /** Registers a client. */
  create(
    { client_id: id, ...registration }: ClientRegistration & { readonly client_id?: string | undefined },
    act: Act,
    tx: Transaction,
  ): Promise<RegisteredClient> {
    const named = ({ client }: RegisteredClient) => ({ kind: 'client', id: client.id }) as const;
    return this.authority.change(act, named, tx, async () => {
      const made = await this.clients.create(registration, id === undefined ? {} : { id }, tx);
      await this.note(made.client.id, 'created', act, tx, Object.keys(registration));
      return made;
    });
  }

  /** Changes a client. One that may do or proves less than before starts anew: what it was given earlier never comes back. */
  change(
    id: string,
    change: ClientChange,
    version: number,
    act: Act,
    tx: Transaction,
  ): Promise<ChangedClient & { readonly ended: Ended | undefined }> {
    return this.over(id, act, tx, async () => {
      const changed = await this.clients.update(id, change, version, tx);
      await this.note(id, 'changed', act, tx, Object.keys(change));
      const order = {
        ...act,
        reason: 'policy_changed',
        note: `changed: ${changed.weakened.join(', ')}`,
      } as const;
      const ended =
        changed.weakened.length === 0
          ? undefined
          : await this.ends.within(tx, { kind: 'client', target: id }, order);
      return { ...changed, ended };
    });
  }

  /** Disables a client and ends what it has. */
  disable(id: string, act: Act, tx: Transaction): Promise<Ended> {
    return this.over(id, act, tx, async () => {
      await this.clients.disable(id, tx);
      await this.note(id, 'disabled', act, tx);
      return this.ends.within(tx, { kind: 'client', target: id }, { ...act, reason: 'client_disabled' });
    });
  }

  /** Accepts a disabled client again. */
  enable(id: string, act: Act, tx: Transaction): Promise<void> {
    return this.over(id, act, tx, async () => {
      await this.clients.enable(id, tx);
      await this.note(id, 'enabled', act, tx);
    });
  }

  /** Deletes a client with what it was allowed, and ends what it has. */
  remove(id: string, act: Act, tx: Transaction): Promise<Ended> {
    return this.over(id, act, tx, async () => {
      await this.clients.delete(id, tx);
      await this.consents.forgetClient(id, tx);
      await this.note(id, 'deleted', act, tx);
      return this.ends.within(tx, { kind: 'client', target: id }, { ...act, reason: 'client_deleted' });
    });
  }

  /** Makes a new secret, told once. */
  rollOver(id: string, overlap: number, act: Act, tx: Transaction): Promise<string> {
    return this.over(id, act, tx, async () => {
      const secret = await this.clients.rollOverSecret(id, seconds(overlap), tx);
      await this.note(id, 'secret_added', act, tx);
      return secret;
    });
  }

  /** Ends one secret. */
  endSecret(id: string, secretId: string, act: Act, tx: Transaction): Promise<void> {
    return this.over(id, act, tx, async () => {
      await this.clients.endSecret(id, secretId, tx);
      await this.note(id, 'secret_removed', act, tx);
    });
  }

  private over<T>(id: string, act: Act, tx: Transaction, work: () => Promise<T>): Promise<T> {
    return this.authority.change(act, { kind: 'client', id }, tx, work);
  }

  private async note(
    id: string,
    change: EventData['client.changed']['change'],
    { caller, operation, now, note }: Act,
    tx: Transaction,
    fields: readonly string[] = [],
  ): Promise<void> {
    const subject = { clientId: id };
    await this.events.record(
      [
        eventOf('client.changed', { change, fields, by: caller.actor }, now, subject),
        adminActed(caller, operation, id, now, { note, ...subject }),
      ],
      tx,
    );
  }
}
