import { type Account, PreparedPassword, type ProfileChange } from '@curfew/accounts';
import type { Identity } from '@curfew/accounts/identity-providers';
import { endAccount, recordChanges } from './account-changed.js';
import { createAccount } from './accounts.js';
import { type Author, doneBefore, inTransaction, type OperationParts } from './author.js';
import type { EverythingEnded } from './end-sessions.js';
import { type FactorChange, factorChanged } from './second-factors.js';

/**
 * Links a person as an identity provider knows them to an account: by the person, or by the address that both have. False, with nothing
 * changed, where an address would link what the person has removed (ADR 120). @throws AccountError
 */
export const linkIdentity = (
  parts: OperationParts,
  { identity, accountId, by }: { identity: Identity; accountId: string; by: 'person' | 'address' },
  author: Author,
): Promise<boolean> =>
  inTransaction(parts, author, undefined, async (tx) => {
    const now = parts.clock.now();
    if (by === 'person') await parts.identities.link(identity, accountId, now, tx);
    else if (!(await parts.identities.linkByAddress(identity, accountId, now, tx))) return false;
    await recordChanges(parts, accountId, ['identity_linked'], author, tx);
    return true;
  });

/**
 * Takes the link between a person of an identity provider and an account away, and ends everything that the account has authorized: no
 * session knows by which way in it began. Null, with nothing changed, where there is no such link.
 */
export const unlinkIdentity = (
  parts: OperationParts,
  identity: Identity,
  accountId: string,
  author: Author,
): Promise<EverythingEnded | null> =>
  inTransaction(parts, author, undefined, async (tx) => {
    if (!(await parts.identities.unlink(identity, accountId, tx))) return doneBefore(parts, tx);
    await recordChanges(parts, accountId, ['identity_unlinked'], author, tx);
    return endAccount(parts, accountId, 'ended_by_administrator', author, tx);
  });

/** Lets an address link an identity again that the person had removed from their account; false, with nothing changed, where they had not. */
export const allowIdentity = (
  parts: OperationParts,
  identity: Identity,
  accountId: string,
  author: Author,
): Promise<boolean> =>
  inTransaction(parts, author, undefined, async (tx) => {
    if (!(await parts.identities.forgetRemoval(identity, accountId, tx))) return false;
    await recordChanges(parts, accountId, ['identity_allowed'], author, tx);
    return true;
  });

/**
 * A person takes a link of their own away, which no address makes again by itself (ADR 120). It is a change of how they sign in, so that it ends
 * what a change of a factor ends; null, with nothing changed, where there is no such link.
 */
export const unlinkOwnIdentity = (
  parts: OperationParts,
  identity: Identity,
  accountId: string,
  author: Author,
): Promise<FactorChange | null> =>
  inTransaction(parts, author, undefined, async (tx) => {
    if (!(await parts.identities.unlink(identity, accountId, tx))) return doneBefore(parts, tx);
    await parts.identities.rememberRemoval(identity, accountId, parts.clock.now(), tx);
    return factorChanged(parts, accountId, ['identity_unlinked'], author, tx);
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
