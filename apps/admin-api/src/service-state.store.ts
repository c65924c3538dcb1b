import type { Transaction } from '@curfew/persistence';

/** Raises the epoch and begins the era of the same number; answers it. */
export async function raiseEpoch(tx: Transaction): Promise<number> {
  const rows = await tx.$queryRaw<{ epoch: number }[]>`
    UPDATE service_state SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch`;
  const { epoch } = rows[0]!;
  await tx.$executeRaw`SELECT curfew_begin_era(${epoch}::int)`;
  return epoch;
}
