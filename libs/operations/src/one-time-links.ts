import { randomUUID } from 'node:crypto';
import { type Account, AccountError, normaliseEmail, PreparedPassword } from '@curfew/accounts';
import { type FoundLink, type LinkPurpose, passwordSubject, readEmailChange } from '@curfew/mail';
import type { Transaction } from '@curfew/persistence';
import { recordChanges } from './account-changed.js';
import { type Author, inTransaction, type OperationParts } from './author.js';
import { changePassword } from './change-password.js';
import type { EverythingEnded } from './end-sessions.js';

/** A link whose person chooses a password. */
export interface PasswordLink {
  readonly purpose: Extract<LinkPurpose, 'invitation' | 'password_reset'>;
  readonly token: string;
  readonly password: PreparedPassword;
  /** Names the authenticators that the person's proof covered, where they had to give one. */
  readonly version: string;
}

/** Uses a link up in this transaction, and reads its account. @throws AccountError */
async function used(
  { links, accounts }: Pick<OperationParts, 'links' | 'accounts'>,
  purpose: LinkPurpose,
  token: string,
  tx: Transaction,
): Promise<{ readonly link: FoundLink; readonly account: Account }> {
  const link = await links.use(purpose, token, tx);
  const account = link && (await accounts.findById(link.accountId, tx));
  if (!account || account.disabledAt !== null) throw new AccountError('link_gone');
  return { link, account };
}

const personOf = (accountId: string): Author => ({ by: { kind: 'user', id: accountId, ip: null } });

/**
 * Sets the password that a person chose by a link, and ends everything that their account has authorized. The link counts only for the
 * password it was made to replace, and the address it was sent to. An invitation shows as well that mail to the address reaches the person.
 * @throws AccountError
 */
export const choosePassword = (
  parts: OperationParts,
  { purpose, token, password, version }: PasswordLink,
): Promise<EverythingEnded & { readonly accountId: string }> =>
  parts.prisma.$transaction(async (tx) => {
    const { link, account } = await used(parts, purpose, token, tx);
    const accountId = account.id;
    // A factor that the account got meanwhile was not asked for.
    await parts.secondFactors.require(accountId, version, tx);
    const { email } = await parts.profiles.of(accountId, tx);
    if (link.subject !== passwordSubject(account.passwordChangedAt, email))
      throw new AccountError('link_gone');
    const author = personOf(accountId);
    if (purpose === 'invitation') {
      await parts.profiles.change(accountId, { emailVerified: true }, parts.clock.now(), tx);
      await recordChanges(parts, accountId, ['email_verified'], author, tx);
    }
    const ended = await changePassword(parts, { accountId, password, endSessions: true }, author, tx);
    return { ...ended!, accountId };
  });

/** Takes an address as verified, if the account still has it. @throws AccountError */
export const confirmEmail = (parts: OperationParts, token: string): Promise<void> =>
  parts.prisma.$transaction(async (tx) => {
    const { link, account } = await used(parts, 'email_verification', token, tx);
    const isVerified = await parts.profiles.verify(account.id, link.subject, parts.clock.now(), tx);
    if (!isVerified) throw new AccountError('link_gone');
    await recordChanges(parts, account.id, ['email_verified'], personOf(account.id), tx);
  });

/**
 * Ends everything of an account whose person says that a sign-in was not theirs, and removes the password that somebody else knows. The link
 * with which the person chooses another one. An address that the account has no more disowns nothing. @throws AccountError
 */
export const disownSignIn = (
  parts: OperationParts,
  token: string,
): Promise<EverythingEnded & { readonly resetToken: string }> =>
  parts.prisma.$transaction(async (tx) => {
    const { link: told, account } = await used(parts, 'not_me', token, tx);
    const { email } = await parts.profiles.of(account.id, tx);
    if (told.subject !== email) throw new AccountError('link_gone');
    const author = { ...personOf(account.id), note: 'The person said that a sign-in was not theirs.' };
    const change = { accountId: account.id, password: PreparedPassword.none(), endSessions: true };
    const ended = await changePassword(parts, change, author, tx);
    const { passwordChangedAt } = (await parts.accounts.findById(account.id, tx))!;
    const link = { accountId: account.id, subject: passwordSubject(passwordChangedAt, email) };
    return { ...ended!, resetToken: await parts.links.issue('password_reset', link, tx) };
  });

/** Writes an invitation to an account that has no password yet. @throws AccountError */
export const inviteAccount = (
  parts: OperationParts,
  accountId: string,
  author: Author,
  given?: Transaction,
): Promise<void> =>
  inTransaction(parts, author, given, async (tx) => {
    const { email } = await parts.profiles.of(accountId, tx);
    if (email === null) throw new AccountError('email_missing');
    if (await parts.accounts.hasPassword(accountId, tx)) throw new AccountError('password_is_set');
    const mail = { id: randomUUID(), kind: 'invitation', accountId, facts: {} } as const;
    await parts.mails.put([mail], parts.clock.now(), tx);
    await recordChanges(parts, accountId, ['invited'], author, tx);
  });

/** Writes to the address of an account, so that its person can confirm it. @throws AccountError */
export const askForConfirmation = (parts: OperationParts, accountId: string, author: Author): Promise<void> =>
  inTransaction(parts, author, undefined, async (tx) => {
    const { email, emailVerified } = await parts.profiles.of(accountId, tx);
    if (email === null) throw new AccountError('email_missing');
    if (emailVerified) return;
    const mail = { id: randomUUID(), kind: 'email_verification', accountId, facts: {} } as const;
    await parts.mails.put([mail], parts.clock.now(), tx);
  });

/** Another address that a person wants. */
interface WantedAddress {
  readonly accountId: string;
  readonly typed: string;
  /** Names the authenticators that the person has shown. */
  readonly version: string;
  /**
   * That of the page on which it was asked for (RFC 5646): the letter with the link is written in it. The one to the present address is in
   * that of the owner's own sign-ins: a stranger who asks would choose words that the owner cannot read.
   */
  readonly language: string;
}

/**
 * Writes to the address that a person wants, so that they can confirm it, and to the one that they have, confirmed or not. Nothing is changed
 * yet, and nobody learns whether another account has it. False where it is the account's own and confirmed. @throws AccountError
 */
export const askForEmailChange = (
  parts: OperationParts,
  { accountId, typed, version, language }: WantedAddress,
  author: Author,
): Promise<boolean> =>
  inTransaction(parts, author, undefined, async (tx) => {
    const address = normaliseEmail(typed);
    if (address === null) throw new AccountError('email_invalid');
    const { email, emailVerified } = await parts.profiles.of(accountId, tx);
    if (address === email && emailVerified) return false;
    const at = parts.clock.now();
    const letter = {
      id: randomUUID(),
      kind: 'email_change',
      accountId,
      facts: { address, version, language },
    } as const;
    const notices =
      email === null || email === address
        ? []
        : [
            {
              id: randomUUID(),
              kind: 'email_change_asked',
              accountId,
              facts: { address: email, at },
            } as const,
          ];
    await parts.mails.put([letter, ...notices], at, tx);
    return true;
  });

/**
 * Gives the account the address that its person has confirmed by a link, and writes to the one that it had, confirmed or not. A password or a factor that was
 * changed since the link was asked for makes it void. @throws AccountError
 */
export const changeEmail = (parts: OperationParts, token: string): Promise<void> =>
  parts.prisma.$transaction(async (tx) => {
    const { link, account } = await used(parts, 'email_change', token, tx);
    const { address, version } = readEmailChange(link.subject);
    await parts.secondFactors.require(account.id, version, tx);
    const before = await parts.profiles.of(account.id, tx);
    const at = parts.clock.now();
    await parts.profiles.change(account.id, { email: address, emailVerified: true }, at, tx);
    await recordChanges(parts, account.id, ['profile_changed', 'email_verified'], personOf(account.id), tx);
    if (before.email === null || before.email === address) return;
    const facts = { address: before.email, at };
    await parts.mails.put(
      [{ id: randomUUID(), kind: 'email_changed', accountId: account.id, facts }],
      at,
      tx,
    );
  });
