import type { Transaction } from '@curfew/persistence';

/** Raises the epoch and answers the new one. */
export async function raiseEpoch(tx: Transaction): Promise<number> {
  const rows = await tx.$queryRaw<{ epoch: number }[]>`
    UPDATE service_state SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch`;
  return rows[0]!.epoch;
}
