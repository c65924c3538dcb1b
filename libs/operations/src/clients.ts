import type { ChangedClient, ClientChange, ClientRegistration, RegisteredClient } from '@curfew/clients';
import { announceChangedClient } from '@curfew/events';
import type { Transaction } from '@curfew/persistence';
import type { EndReason, EventData, Seconds } from '@curfew/session-policy';
import { clientEvent } from '@curfew/sessions';
import { type Author, inTransaction, type OperationParts } from './author.js';
import { type EverythingEnded, endEverything } from './end-sessions.js';

type Change = EventData['client.changed']['change'];
type Registering = Pick<OperationParts, 'prisma' | 'clock' | 'clients' | 'events'>;

/** Registers a client, under `id` where it is given. */
export const registerClient = (
  parts: Registering,
  registration: ClientRegistration,
  { id, author }: { readonly id?: string | undefined; readonly author: (clientId: string) => Author },
  tx?: Transaction,
): Promise<RegisteredClient> => {
  const work = async (transaction: Transaction) => {
    const made = await parts.clients.create(registration, id === undefined ? {} : { id }, transaction);
    const fields = Object.keys(registration);
    await recordChange(parts, made.client.id, 'created', author(made.client.id), transaction, fields);
    return made;
  };
  return tx ? work(tx) : parts.prisma.$transaction(work);
};

/**
 * Changes the registration that was read as `version`. Everything ends that a client was given which may do, or proves, less than before:
 * it never comes back by a later change.
 */
export const changeClient = (
  parts: OperationParts,
  { id, change, version }: { readonly id: string; readonly change: ClientChange; readonly version: number },
  author: Author,
  tx?: Transaction,
): Promise<ChangedClient & { readonly ended: EverythingEnded | undefined }> =>
  inTransaction(parts, author, tx, async (transaction) => {
    const changed = await parts.clients.update(id, change, version, transaction);
    await recordChange(parts, id, 'changed', author, transaction, Object.keys(change));
    // The tokens that it exchanged are over with the change (ADR 99), and gateways may remember them.
    const isActing = changed.client.metadata.token_exchange !== undefined || 'token_exchange' in change;
    if (isActing) await announceChangedClient(transaction, id);
    if (changed.weakened.length === 0) return { ...changed, ended: undefined };
    const weakened = { by: author.by, note: `changed: ${changed.weakened.join(', ')}` };
    return { ...changed, ended: await endClient(parts, id, 'policy_changed', weakened, transaction) };
  });

/** Refuses a client from now on, and ends everything it was given. */
export const disableClient = (
  parts: OperationParts,
  id: string,
  author: Author,
  tx?: Transaction,
): Promise<EverythingEnded> =>
  inTransaction(parts, author, tx, async (transaction) => {
    await parts.clients.disable(id, transaction);
    await recordChange(parts, id, 'disabled', author, transaction);
    return endClient(parts, id, 'client_disabled', author, transaction);
  });

/** Accepts a disabled client again. Its ended sessions stay ended. */
export const enableClient = (
  parts: OperationParts,
  id: string,
  author: Author,
  tx?: Transaction,
): Promise<void> =>
  inTransaction(parts, author, tx, async (transaction) => {
    await parts.clients.enable(id, transaction);
    await recordChange(parts, id, 'enabled', author, transaction);
  });

/** Deletes a client with what it was allowed, and ends everything it was given. */
export const deleteClient = (
  parts: OperationParts,
  id: string,
  author: Author,
  tx?: Transaction,
): Promise<EverythingEnded> =>
  inTransaction(parts, author, tx, async (transaction) => {
    await parts.clients.delete(id, transaction);
    await parts.consents.forgetClient(id, transaction);
    await recordChange(parts, id, 'deleted', author, transaction);
    return endClient(parts, id, 'client_deleted', author, transaction);
  });

/** Makes a new secret for a client, told once; the one before it works on for `overlap`. */
export const addClientSecret = (
  parts: OperationParts,
  { id, overlap }: { readonly id: string; readonly overlap: Seconds },
  author: Author,
  tx?: Transaction,
): Promise<string> =>
  inTransaction(parts, author, tx, async (transaction) => {
    const secret = await parts.clients.rollOverSecret(id, overlap, transaction);
    await recordChange(parts, id, 'secret_added', author, transaction);
    return secret;
  });

/** Ends one secret of a client. */
export const endClientSecret = (
  parts: OperationParts,
  { id, secretId }: { readonly id: string; readonly secretId: string },
  author: Author,
  tx?: Transaction,
): Promise<void> =>
  inTransaction(parts, author, tx, async (transaction) => {
    await parts.clients.endSecret(id, secretId, transaction);
    await recordChange(parts, id, 'secret_removed', author, transaction);
  });

const endClient = (
  parts: OperationParts,
  id: string,
  reason: EndReason,
  { by, note }: Author,
  tx: Transaction,
): Promise<EverythingEnded> => endEverything(parts, { kind: 'client', target: id }, reason, { by, note }, tx);

async function recordChange(
  { clock, events }: Pick<OperationParts, 'clock' | 'events'>,
  id: string,
  change: Change,
  { by, along }: Author,
  tx: Transaction,
  fields: readonly string[] = [],
): Promise<void> {
  const event = clientEvent(id, 'client.changed', { change, fields, by }, clock.now());
  await events.record([event, ...(along?.() ?? [])], tx);
}
