import {
  type ChangedClient,
  type ClientChange,
  type ClientDetails,
  type ClientRegistration,
  type RegisteredClient,
  RegistrationError,
  usesSecret,
} from '@curfew/clients';
import {
  type Author,
  addClientSecret,
  changeClient,
  deleteClient,
  disableClient,
  enableClient,
  endClientSecret,
  OperationParts,
  registerClient,
} from '@curfew/operations';
import type { Transaction } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';
import { type Act, adminActed } from '../access/acts.js';
import { Authority } from '../access/authority.js';
import { etagOf } from '../contract/answer.js';
import { requireBefore, requireSeen } from '../contract/before.js';
import { endedOnWire } from '../sessions/ended-on-wire.js';

type Ended = ReturnType<typeof endedOnWire>;

/** Acts of operators on clients. Each is checked for authority, and commits with its events and the ends it causes. */
@Injectable()
export class ClientActs {
  constructor(
    private readonly parts: OperationParts,
    private readonly authority: Authority,
  ) {}

  /** Registers a client. */
  create(
    { client_id: id, ...registration }: ClientRegistration & { readonly client_id?: string | undefined },
    act: Act,
    tx: Transaction,
  ): Promise<RegisteredClient> {
    const named = ({ client }: RegisteredClient) => ({ kind: 'client', id: client.id }) as const;
    const author = (made: string) => this.author(made, act);
    return this.authority.change(act, named, tx, () =>
      registerClient(this.parts, registration, { id, author }, tx),
    );
  }

  /** Changes a client. If it may do less or proves less than before, its sessions end and never come back. */
  async change(
    id: string,
    change: ClientChange,
    version: number,
    act: Act,
    tx: Transaction,
  ): Promise<Omit<ChangedClient, 'ended'> & { readonly ended: Ended | undefined }> {
    const changed = await changeClient(this.parts, { id, change, version }, this.author(id, act), tx);
    return { ...changed, ended: changed.ended && endedOnWire(changed.ended) };
  }

  /** Disables a client and ends what it has. */
  async disable(id: string, act: Act, tx: Transaction): Promise<Ended> {
    return endedOnWire(await disableClient(this.parts, id, this.author(id, act), tx));
  }

  /** Accepts a disabled client again. */
  enable(id: string, act: Act, tx: Transaction): Promise<void> {
    return enableClient(this.parts, id, this.author(id, act), tx);
  }

  /** Deletes a client with what it was allowed, and ends what it has. */
  async remove(id: string, act: Act, tx: Transaction): Promise<Ended> {
    return endedOnWire(await deleteClient(this.parts, id, this.author(id, act), tx));
  }

  /** Makes a new secret, told once. `before` are the ids of the secrets that the caller saw, where they name them. */
  rollOver(
    id: string,
    { overlap, before }: { readonly overlap: number; readonly before?: readonly string[] | undefined },
    act: Act,
    tx: Transaction,
  ): Promise<string> {
    const author = this.author(id, act);
    const authorize: typeof author.authorize = (held, work) =>
      author.authorize(held, async () => {
        if (before) await this.requireSecrets(id, before, held);
        return work();
      });
    const wanted = { id, overlap: seconds(overlap) };
    return addClientSecret(this.parts, wanted, { ...author, authorize }, tx);
  }

  /** Ends one secret. */
  endSecret(id: string, secretId: string, act: Act, tx: Transaction): Promise<void> {
    return endClientSecret(this.parts, { id, secretId }, this.author(id, act), tx);
  }

  /** The client as it is in the transaction. @throws RegistrationError */
  private async existing(id: string, tx: Transaction): Promise<ClientDetails> {
    const found = await this.parts.clients.find(id, tx);
    if (!found) throw new RegistrationError('unknown_client');
    return found;
  }

  /**
   * Throws unless these are the secrets in force; one that has ended by its clock since is a change of nobody. A client that has come to use
   * none is refused by name, in the act itself.
   */
  private async requireSecrets(id: string, before: readonly string[], tx: Transaction): Promise<void> {
    const { client, secrets } = await this.existing(id, tx);
    if (!usesSecret(client.metadata.token_endpoint_auth_method)) return;
    const expired = new Set(await this.parts.clients.expiredSecrets(id, tx));
    const inForce = secrets.map((secret) => secret.id);
    requireBefore(new Set(before.filter((one) => !expired.has(one))), new Set(inForce));
  }

  private author(clientId: string, act: Act) {
    const { caller, operation, now, note } = act;
    return {
      by: caller.actor,
      note,
      along: () => [adminActed(caller, operation, clientId, now, { note, clientId })],
      authorize: <T>(tx: Transaction, work: () => Promise<T>) =>
        this.authority.change(act, { kind: 'client', id: clientId }, tx, async () => {
          if (act.seen !== undefined)
            requireSeen(act.seen, etagOf((await this.existing(clientId, tx)).client.version));
          return work();
        }),
    } satisfies Author;
  }
}
