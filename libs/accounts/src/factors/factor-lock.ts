import type { PrismaService, Transaction } from '@curfew/persistence';
import type { SecondFactor } from '../account.js';
import { AccountError } from '../account-error.js';

/** The authenticators of an account (NIST SP 800-63B-4 §4): its password and its second factors. */
export interface Authenticators {
  /** The kinds of second factors among them. */
  readonly kinds: readonly SecondFactor[];
  /** Names this very set: another password or factor gives another version. */
  readonly version: string;
}

/**
 * Makes changes of one account's factors wait for each other until the transaction ends. It is a statement of its own, because the statements
 * after it must see the change that it waited for. It keeps nobody from signing in: a new row that refers to the account does not wait.
 */
export async function lockFactors(accountId: string, tx: Transaction): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM account WHERE id = ${accountId}::uuid FOR NO KEY UPDATE`;
}

/** The authenticators of an account as they stand, in one statement, so that the kinds and the version speak of one moment. */
export async function authenticatorsOf(
  accountId: string,
  db: PrismaService | Transaction,
): Promise<Authenticators> {
  const [found] = await db.$queryRaw<Authenticators[]>`
    SELECT second_factors AS kinds, encode(sha256(convert_to(json_build_array(extract(epoch FROM password_changed_at), second_factors,
      (SELECT extract(epoch FROM t.confirmed_at) FROM totp_factor t WHERE t.account_id = a.id),
      ARRAY(SELECT encode(p.id, 'base64') FROM passkey p WHERE p.account_id = a.id ORDER BY p.id))::text, 'UTF8')), 'hex') AS version
    FROM account a WHERE a.id = ${accountId}::uuid`;
  if (!found) throw new AccountError('unknown_account');
  return found;
}

/**
 * Lets the transaction go on only if the authenticators are still those of `version`. Nothing changes them until it ends, because every
 * change waits for this lock. @throws AccountError
 */
export async function requireAuthenticators(
  accountId: string,
  version: string,
  tx: Transaction,
): Promise<void> {
  await lockFactors(accountId, tx);
  const present = await authenticatorsOf(accountId, tx);
  if (present.version !== version) throw new AccountError('authenticators_changed');
}
