import type { Transaction } from '@curfew/persistence';
import type { EndReason, EventData } from '@curfew/session-policy';
import { accountEvent } from '@curfew/sessions';
import type { Author, OperationParts } from './author.js';
import { type EverythingEnded, endEverything } from './end-sessions.js';

type Change = EventData['account.changed']['change'];

/** Records changes of an account in their transaction. */
export async function recordChanges(
  { clock, events }: Pick<OperationParts, 'clock' | 'events'>,
  accountId: string,
  changes: readonly Change[],
  { by, along }: Author,
  tx: Transaction,
): Promise<void> {
  const now = clock.now();
  const told = changes.map((change) => accountEvent(accountId, 'account.changed', { change, by }, now));
  await events.record([...told, ...(along?.() ?? [])], tx);
}

/** Ends everything the account has authorized; the change that ends it is recorded already. */
export const endAccount = (
  parts: OperationParts,
  accountId: string,
  reason: EndReason,
  { by, note }: Author,
  tx: Transaction,
): Promise<EverythingEnded> =>
  endEverything(parts, { kind: 'account', target: accountId }, reason, { by, note }, tx);
