import type { Transaction } from '@curfew/persistence';

/** Does `work` so that a failure of it takes back what it did, and nothing that was done before in the transaction. */
export async function withinSavepoint<T>(tx: Transaction, work: () => Promise<T>): Promise<T> {
  await tx.$executeRaw`SAVEPOINT entry`;
  try {
    const done = await work();
    await tx.$executeRaw`RELEASE SAVEPOINT entry`;
    return done;
  } catch (error) {
    await tx.$executeRaw`ROLLBACK TO SAVEPOINT entry`;
    throw error;
  }
}
