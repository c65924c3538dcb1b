import { type Account, AccountError, PreparedPassword, type ProfileChange } from '@curfew/accounts';
import { type Identity, maxLinkedIdentities } from '@curfew/accounts/identity-providers';
import { recordChanges } from './account-changed.js';
import { createAccount } from './accounts.js';
import { type Author, inTransaction, type OperationParts } from './author.js';

/** Links a person as an identity provider knows them to an account. @throws AccountError */
export const linkIdentity = (
  parts: OperationParts,
  identity: Identity,
  accountId: string,
  author: Author,
): Promise<void> =>
  inTransaction(parts, author, undefined, async (tx) => {
    const held = await parts.identities.ofAccount(accountId, tx);
    if (held.length >= maxLinkedIdentities) throw new AccountError('too_many_identities');
    await parts.identities.link(identity, accountId, parts.clock.now(), tx);
    await recordChanges(parts, accountId, ['identity_linked'], author, tx);
  });

/** Makes an account for somebody whom an identity provider knows; it has no password. @throws AccountError */
export const createLinkedAccount = (
  parts: OperationParts,
  { identity, username, profile }: { identity: Identity; username: string; profile: ProfileChange },
): Promise<Account> =>
  createAccount(
    parts,
    { username, password: PreparedPassword.none(), mustChange: false, profile, identity },
    (id) => ({ by: { kind: 'user', id, ip: null } }),
  );
