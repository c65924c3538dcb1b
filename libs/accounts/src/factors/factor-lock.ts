import type { Transaction } from '@curfew/persistence';

/**
 * Makes changes of one account's factors wait for each other until the transaction ends. It is a statement of its own, because the statements
 * after it must see the change that it waited for. It keeps nobody from signing in: a new row that refers to the account does not wait.
 */
export async function lockFactors(accountId: string, tx: Transaction): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM account WHERE id = ${accountId}::uuid FOR NO KEY UPDATE`;
}
