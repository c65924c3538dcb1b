import type { Account } from '@curfew/accounts';
import type { Transaction } from '@curfew/persistence';
import { endAccount, recordChanges } from './account-changed.js';
import { type Author, inTransaction, type OperationParts } from './author.js';
import { passwordEndsSessions } from './change-password.js';
import type { EverythingEnded } from './end-sessions.js';

/** A change of the second factors of an account; `ended` is null where the policy keeps what is signed in. */
export interface FactorChange {
  readonly ended: EverythingEnded | null;
}

/** Takes a new authenticator app into use, with fresh recovery codes; null, with nothing changed, where the code is not its. */
export const confirmSecondFactor = (
  parts: OperationParts,
  shown: { readonly account: Account; readonly binding: string; readonly typed: string },
  author: Author,
): Promise<(FactorChange & { readonly codes: readonly string[] }) | null> =>
  inTransaction(parts, author, undefined, async (tx) => {
    const codes = await parts.secondFactors.confirm(shown, tx);
    if (!codes) return null;
    const accountId = shown.account.id;
    await recordChanges(parts, accountId, ['second_factor_added'], author, tx);
    return { codes, ended: await endByPolicy(parts, accountId, author, tx) };
  });

/** Removes all second factors of an account and its recovery codes; null where it had none. */
export const removeSecondFactors = (
  parts: OperationParts,
  accountId: string,
  author: Author,
  given?: Transaction,
): Promise<FactorChange | null> =>
  inTransaction(parts, author, given, async (tx) => {
    if (!(await parts.secondFactors.remove(accountId, tx))) return null;
    await recordChanges(parts, accountId, ['second_factor_removed'], author, tx);
    return { ended: await endByPolicy(parts, accountId, author, tx) };
  });

/** New recovery codes in place of the old ones, which work no more. */
export const renewRecoveryCodes = (
  parts: OperationParts,
  accountId: string,
  author: Author,
): Promise<readonly string[]> =>
  inTransaction(parts, author, undefined, async (tx) => {
    const codes = await parts.secondFactors.renewCodes(accountId, tx);
    await recordChanges(parts, accountId, ['recovery_codes_renewed'], author, tx);
    return codes;
  });

/** Whether the person is asked for a second step at every sign-in. */
export const setSecondStep = (
  parts: OperationParts,
  accountId: string,
  always: boolean,
  author: Author,
): Promise<void> =>
  inTransaction(parts, author, undefined, async (tx) => {
    await parts.secondFactors.askAlways(accountId, always, tx);
    await recordChanges(parts, accountId, ['second_step_changed'], author, tx);
  });

/** A policy that ends sessions with a change of the password ends them with a change of the other factors, too. */
const endByPolicy = async (
  parts: OperationParts,
  accountId: string,
  author: Author,
  tx: Transaction,
): Promise<EverythingEnded | null> =>
  (await passwordEndsSessions(parts, accountId, tx))
    ? endAccount(parts, accountId, 'factor_changed', author, tx)
    : null;
