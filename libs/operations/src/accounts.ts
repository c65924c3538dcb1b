import type { Account, PreparedPassword, ProfileChange } from '@curfew/accounts';
import type { Identity } from '@curfew/accounts/identity-providers';
import type { Transaction } from '@curfew/persistence';
import { endAccount, recordChanges } from './account-changed.js';
import { type Author, inTransaction, type OperationParts } from './author.js';
import type { EverythingEnded } from './end-sessions.js';
import { inviteAccount } from './one-time-links.js';

/** An account that is to be made. */
export interface AccountWish {
  readonly username: string;
  readonly password: PreparedPassword;
  readonly mustChange: boolean;
  readonly profile?: ProfileChange | undefined;
  /** Whether it is refused sign-ins from the beginning. */
  readonly isDisabled?: boolean;
  /** Whether its person is sent an invitation. */
  readonly invite?: boolean;
  /** The person as an identity provider knows them, where they sign in with one. */
  readonly identity?: Identity;
}

/** Makes an account. @throws AccountError */
export const createAccount = (
  parts: OperationParts,
  wanted: AccountWish,
  author: (accountId: string) => Author,
): Promise<Account> =>
  parts.prisma.$transaction(async (tx) => {
    const { username, password, mustChange, profile, isDisabled, invite, identity } = wanted;
    const made = await parts.accounts.create({ username, password }, tx);
    if (mustChange) await parts.accounts.requireNewPassword(made.id, tx);
    if (profile) await parts.profiles.change(made.id, profile, parts.clock.now(), tx);
    if (isDisabled) await parts.accounts.disable(made.id, tx);
    if (identity) await parts.identities.link(identity, made.id, parts.clock.now(), tx);
    const changes = [
      'created' as const,
      ...(identity ? (['identity_linked'] as const) : []),
      ...(isDisabled ? (['disabled'] as const) : []),
    ];
    await recordChanges(parts, made.id, changes, author(made.id), tx);
    if (invite) await inviteAccount(parts, made.id, { by: author(made.id).by }, tx);
    return made;
  });

/** Disables an account and ends everything it has authorized. */
export const disableAccount = (
  parts: OperationParts,
  id: string,
  author: Author,
  tx?: Transaction,
): Promise<EverythingEnded> =>
  inTransaction(parts, author, tx, async (transaction) => {
    await parts.accounts.disable(id, transaction);
    await recordChanges(parts, id, ['disabled'], author, transaction);
    return endAccount(parts, id, 'account_disabled', author, transaction);
  });

/** Lets an account sign in again. Its ended sessions stay ended. */
export const enableAccount = (
  parts: OperationParts,
  id: string,
  author: Author,
  tx?: Transaction,
): Promise<void> =>
  inTransaction(parts, author, tx, async (transaction) => {
    await parts.accounts.enable(id, transaction);
    await recordChanges(parts, id, ['enabled'], author, transaction);
  });

/** Deletes an account with all it allowed, and ends everything it has authorized. */
export const deleteAccount = (
  parts: OperationParts,
  id: string,
  author: Author,
  tx?: Transaction,
): Promise<EverythingEnded> =>
  inTransaction(parts, author, tx, async (transaction) => {
    await parts.accounts.delete(id, transaction);
    await recordChanges(parts, id, ['deleted'], author, transaction);
    return endAccount(parts, id, 'account_deleted', author, transaction);
  });

/** Has the next sign-in of an account choose a new password. */
export const requireNewPassword = (
  parts: OperationParts,
  id: string,
  author: Author,
  tx?: Transaction,
): Promise<void> =>
  inTransaction(parts, author, tx, async (transaction) => {
    await parts.accounts.requireNewPassword(id, transaction);
    await recordChanges(parts, id, ['password_required'], author, transaction);
  });
