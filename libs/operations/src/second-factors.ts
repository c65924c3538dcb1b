import type { Account } from '@curfew/accounts';
import type { NewRememberedBrowser, PasskeyFault } from '@curfew/accounts/factors';
import type { Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { endAccount, recordChanges } from './account-changed.js';
import { type Author, doneBefore, inTransaction, type OperationParts } from './author.js';
import { passwordEndsSessions } from './change-password.js';
import type { EverythingEnded } from './end-sessions.js';

/** A change of the second factors of an account; `ended` is null where the policy keeps what is signed in. */
export interface FactorChange {
  readonly ended: EverythingEnded | null;
}

/** A factor that was added; its recovery codes, where it is the first one of the account. */
export interface FactorAdded extends FactorChange {
  readonly codes: readonly string[] | null;
}

/** The code or answer that proves a new factor, and its owner. */
interface ShownFactor {
  readonly account: Account;
  readonly binding: string;
  readonly typed: string;
}

/** Takes a new authenticator app into use; null, with nothing changed, where the code is not its. */
export const confirmSecondFactor = (
  parts: OperationParts,
  shown: ShownFactor,
  author: Author,
): Promise<FactorAdded | null> =>
  inTransaction(parts, author, undefined, async (tx) => {
    const confirmed = await parts.secondFactors.confirm(shown, tx);
    if (!confirmed) return null;
    return {
      ...confirmed,
      ...(await factorChanged(parts, shown.account.id, ['second_factor_added'], author, tx)),
    };
  });

/** Keeps a new passkey; why not, with nothing changed, where it cannot be kept. */
export const addPasskey = async (
  parts: OperationParts,
  shown: ShownFactor & { readonly name: string },
  author: Author,
): Promise<FactorAdded | PasskeyFault> => {
  const made = await parts.secondFactors.makePasskey(shown);
  if (typeof made === 'string') return made;
  return inTransaction(parts, author, undefined, async (tx) => {
    const added = await parts.secondFactors.addPasskey(made, tx);
    if (typeof added === 'string') return added;
    const changes = [added.isPlatform ? 'passkey_added' : 'security_key_added'] as const;
    return { codes: added.codes, ...(await factorChanged(parts, made.accountId, changes, author, tx)) };
  });
};

/** The factors that a person can remove one by one. */
export type RemovableFactor = { readonly kind: 'app' } | { readonly kind: 'passkey'; readonly id: string };

/** Removes one second factor, and the recovery codes with the last one; null where the account does not have it. */
export const removeSecondFactor = (
  parts: OperationParts,
  accountId: string,
  factor: RemovableFactor,
  author: Author,
): Promise<FactorChange | null> =>
  inTransaction(parts, author, undefined, async (tx) => {
    const { secondFactors } = parts;
    if (factor.kind === 'app')
      return (await secondFactors.removeApp(accountId, tx))
        ? factorChanged(parts, accountId, ['second_factor_removed'], author, tx)
        : null;
    const removed = await secondFactors.removePasskey(accountId, factor.id, tx);
    return removed ? factorChanged(parts, accountId, [passkeyRemoval(removed)], author, tx) : null;
  });

const passkeyRemoval = ({ isPlatform }: { readonly isPlatform: boolean }) =>
  isPlatform ? ('passkey_removed' as const) : ('security_key_removed' as const);

/** Removes all second factors of an account and its recovery codes; null where it had none. */
export const removeSecondFactors = (
  parts: OperationParts,
  accountId: string,
  author: Author,
  given?: Transaction,
): Promise<FactorChange | null> =>
  inTransaction(parts, author, given, async (tx) => {
    const { hadApp, passkeys } = await parts.secondFactors.remove(accountId, tx);
    const changes = [
      ...(hadApp ? (['second_factor_removed'] as const) : []),
      ...passkeys.map(passkeyRemoval),
    ];
    return changes.length === 0 ? null : factorChanged(parts, accountId, changes, author, tx);
  });

/** New recovery codes in place of the old ones, which work no more; null, with nothing changed, where the account has no factor. */
export const renewRecoveryCodes = (
  parts: OperationParts,
  accountId: string,
  author: Author,
): Promise<readonly string[] | null> =>
  inTransaction(parts, author, undefined, async (tx) => {
    const codes = await parts.secondFactors.renewCodes(accountId, tx);
    if (codes) await recordChanges(parts, accountId, ['recovery_codes_renewed'], author, tx);
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

/**
 * Everything that goes with a factor that was added or removed, or with a link that its person removed, in the transaction of the change:
 * its events, and the ends that a policy demands which ends sessions with a change of the password. Every such change passes here, whoever
 * made it.
 */
export const factorChanged = async (
  parts: OperationParts,
  accountId: string,
  changes: Parameters<typeof recordChanges>[2],
  author: Author,
  tx: Transaction,
): Promise<FactorChange> => {
  await recordChanges(parts, accountId, changes, author, tx);
  const isEnding = await passwordEndsSessions(parts, accountId, tx);
  return { ended: isEnding ? await endAccount(parts, accountId, 'factor_changed', author, tx) : null };
};

/** Remembers a browser until then: a sign-in there asks for no second step by itself. */
export const rememberBrowser = (
  parts: OperationParts,
  browser: NewRememberedBrowser,
  until: Instant,
  author: Author,
): Promise<void> =>
  inTransaction(parts, author, undefined, async (tx) => {
    await parts.secondFactors.browsers.remember(browser, parts.clock.now(), until, tx);
    await recordChanges(parts, browser.accountId, ['browser_remembered'], author, tx);
  });

/** Forgets every browser that an account is remembered in; how many there were. */
export const forgetBrowsers = (parts: OperationParts, accountId: string, author: Author): Promise<number> =>
  inTransaction(parts, author, undefined, async (tx) => {
    const count = await parts.secondFactors.browsers.forget(accountId, tx);
    if (count === 0) await doneBefore(parts, tx);
    else await recordChanges(parts, accountId, ['browsers_forgotten'], author, tx);
    return count;
  });
