import type { ProfileChange } from '@curfew/accounts';
import type { Transaction } from '@curfew/persistence';
import { recordChanges } from './account-changed.js';
import { type Author, inTransaction, type OperationParts } from './author.js';

/** A change of an account that leaves alone how it signs in. */
export interface AccountDetails {
  readonly username?: string | undefined;
  readonly profile?: ProfileChange | undefined;
}

/** Renames an account, or changes its profile, or both. Its sessions go on. @throws AccountError */
export const changeDetails = (
  parts: OperationParts,
  accountId: string,
  { username, profile }: AccountDetails,
  author: Author,
  given?: Transaction,
): Promise<void> =>
  inTransaction(parts, author, given, async (tx) => {
    if (username !== undefined) await parts.accounts.rename(accountId, username, tx);
    if (profile) await parts.profiles.change(accountId, profile, parts.clock.now(), tx);
    const changes = [
      ...(username === undefined ? [] : (['renamed'] as const)),
      ...(profile ? (['profile_changed'] as const) : []),
    ];
    await recordChanges(parts, accountId, changes, author, tx);
  });
