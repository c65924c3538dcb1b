import type { PreparedPassword } from '@curfew/accounts';
import type { Transaction } from '@curfew/persistence';
import { endAccount, recordChanges } from './account-changed.js';
import { type Author, inTransaction, type OperationParts } from './author.js';
import type { EverythingEnded } from './end-sessions.js';

/** A new password of an account, and what goes with it. */
export interface PasswordChange {
  readonly accountId: string;
  readonly password: PreparedPassword;
  /** Whether the next sign-in has to choose another one. */
  readonly mustChange?: boolean;
  /** Whether everything that is signed in ends, or whether the policy decides. */
  readonly endSessions: boolean | 'by_policy';
}

/** Changes the password of an account, in one commit with the ends that come of it; null where nothing ends. */
export function changePassword(
  parts: OperationParts,
  { accountId, password, mustChange = false, endSessions }: PasswordChange,
  author: Author,
  tx?: Transaction,
): Promise<EverythingEnded | null> {
  return inTransaction(parts, author, tx, async (transaction) => {
    await parts.accounts.changePassword(accountId, password, transaction);
    if (mustChange) await parts.accounts.requireNewPassword(accountId, transaction);
    const ends =
      endSessions === 'by_policy' ? await passwordEndsSessions(parts, accountId, transaction) : endSessions;
    const changes = ['password_changed', ...(mustChange ? (['password_required'] as const) : [])] as const;
    await recordChanges(parts, accountId, changes, author, transaction);
    return ends ? endAccount(parts, accountId, 'password_changed', author, transaction) : null;
  });
}

/**
 * Whether a person's own change of password ends what is signed in, whatever they wish: by the strictest `onPasswordChange` of the policy
 * of everyone and the policies of the account's live sessions.
 */
export async function passwordEndsSessions(
  { queries, sessions, clock }: Pick<OperationParts, 'queries' | 'sessions' | 'clock'>,
  accountId: string,
  tx?: Transaction,
): Promise<boolean> {
  const lineages = await queries.lineagesOfAccount(accountId, clock.now(), tx);
  const policies = await Promise.all([
    sessions.everyonesPolicy(),
    ...lineages.map(({ clientId, resources }) => sessions.policyFor(clientId, resources)),
  ]);
  return policies.some(({ onPasswordChange }) => onPasswordChange === 'end_others');
}
