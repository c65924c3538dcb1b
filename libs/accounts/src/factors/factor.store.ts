import type { PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, instant, type Seconds } from '@curfew/session-policy';
import type { SecondFactor } from '../account.js';
import { lockFactors } from './factor-lock.js';

/** An authenticator app as it is stored. */
export interface StoredTotp {
  readonly secret: Uint8Array;
  readonly createdAt: Instant;
  readonly confirmedAt: Instant | null;
  readonly lastUsedAt: Instant | null;
}

const moment = (date: Date | null): Instant | null => date && instant(date.getTime());

/** Rows of the tables `totp_factor` and `recovery_code`, and the column of the account that tells of them. */
export class FactorStore {
  constructor(private readonly prisma: PrismaService) {}

  async totp(accountId: string, db: PrismaService | Transaction = this.prisma): Promise<StoredTotp | null> {
    const row = await db.totpFactor.findUnique({ where: { accountId } });
    return (
      row && {
        secret: row.secret,
        createdAt: instant(row.createdAt.getTime()),
        confirmedAt: moment(row.confirmedAt),
        lastUsedAt: moment(row.lastUsedAt),
      }
    );
  }

  /** Keeps a secret that waits for its first password; another one that waits is replaced. False where the account has an app already. */
  async propose(accountId: string, secret: Uint8Array, now: Instant): Promise<boolean> {
    const at = new Date(now);
    const rows = await this.prisma.$queryRaw<unknown[]>`
      INSERT INTO totp_factor (account_id, secret, created_at) VALUES (${accountId}::uuid, ${secret}, ${at})
      ON CONFLICT (account_id) DO UPDATE SET secret = EXCLUDED.secret, created_at = EXCLUDED.created_at, last_step = 0
        WHERE totp_factor.confirmed_at IS NULL
      RETURNING 1`;
    return rows.length === 1;
  }

  /** The secret that waited is in use from now on, its first password used. False where none waits any more. */
  async confirm(
    accountId: string,
    { secret, step, now, within }: { secret: Uint8Array; step: number; now: Instant; within: Seconds },
    tx: Transaction,
  ): Promise<boolean> {
    await lockFactors(accountId, tx);
    const at = new Date(now);
    const rows = await tx.$queryRaw<unknown[]>`
      UPDATE totp_factor SET secret = ${secret}, confirmed_at = ${at}, last_used_at = ${at}, last_step = ${step}
      WHERE account_id = ${accountId}::uuid AND confirmed_at IS NULL AND created_at > ${new Date(now - within * 1000)}
      RETURNING 1`;
    if (rows.length === 1) await this.tellKinds(accountId, now, tx);
    return rows.length === 1;
  }

  /** Uses a time step up. One of any number of attempts on any number of nodes gets it, and none gets an earlier one afterwards. */
  async useStep(accountId: string, step: number, now: Instant): Promise<boolean> {
    const rows = await this.prisma.$queryRaw<unknown[]>`
      UPDATE totp_factor SET last_step = ${step}, last_used_at = ${new Date(now)}
      WHERE account_id = ${accountId}::uuid AND confirmed_at IS NOT NULL AND last_step < ${step} RETURNING 1`;
    return rows.length === 1;
  }

  /** Uses a recovery code up, under whichever of these hashes it is stored. */
  async useCode(accountId: string, hashes: readonly Uint8Array[]): Promise<boolean> {
    const rows = await this.prisma.$queryRaw<unknown[]>`
      DELETE FROM recovery_code WHERE account_id = ${accountId}::uuid AND code_hash = ANY(${hashes}::bytea[]) RETURNING 1`;
    return rows.length === 1;
  }

  countCodes(accountId: string): Promise<number> {
    return this.prisma.recoveryCode.count({ where: { accountId } });
  }

  /** The account has these recovery codes, and no others. False, with nothing changed, where it has no factor that they could stand in for. */
  async replaceCodes(
    accountId: string,
    hashes: readonly Uint8Array[],
    now: Instant,
    tx: Transaction,
  ): Promise<boolean> {
    await lockFactors(accountId, tx);
    const hasFactor = { id: accountId, NOT: { secondFactors: { isEmpty: true } } };
    if ((await tx.account.count({ where: hasFactor })) === 0) return false;
    await tx.recoveryCode.deleteMany({ where: { accountId } });
    const createdAt = new Date(now);
    await tx.recoveryCode.createMany({
      data: hashes.map((codeHash) => ({ accountId, codeHash: Buffer.from(codeHash), createdAt })),
    });
    return true;
  }

  /** Removes the app; false where none was in use. */
  async removeTotp(accountId: string, tx: Transaction): Promise<boolean> {
    await lockFactors(accountId, tx);
    const removed = await tx.$queryRaw<{ isUsed: boolean }[]>`
      DELETE FROM totp_factor WHERE account_id = ${accountId}::uuid RETURNING confirmed_at IS NOT NULL AS "isUsed"`;
    return removed.some(({ isUsed }) => isUsed);
  }

  async removeCodes(accountId: string, tx: Transaction): Promise<void> {
    await tx.recoveryCode.deleteMany({ where: { accountId } });
  }

  async askAlways(accountId: string, always: boolean, now: Instant, tx: Transaction): Promise<void> {
    await tx.account.update({
      where: { id: accountId },
      data: { secondStepAlways: always, updatedAt: new Date(now) },
    });
  }

  /**
   * Writes into the account which kinds of factors it has now; the kinds. A person who gets the first one is asked for it at every sign-in
   * until they choose otherwise.
   */
  async tellKinds(accountId: string, now: Instant, tx: Transaction): Promise<readonly SecondFactor[]> {
    const [row] = await tx.$queryRaw<{ kinds: SecondFactor[] }[]>`
      UPDATE account SET updated_at = ${new Date(now)}, second_factors = had.kinds,
        second_step_always = second_step_always OR second_factors = '{}' OR had.kinds = '{}'
      FROM (SELECT array_remove(ARRAY[
        CASE WHEN EXISTS (SELECT 1 FROM totp_factor WHERE account_id = ${accountId}::uuid AND confirmed_at IS NOT NULL) THEN 'totp' END,
        CASE WHEN EXISTS (SELECT 1 FROM passkey WHERE account_id = ${accountId}::uuid) THEN 'passkey' END], NULL) AS kinds) AS had
      WHERE id = ${accountId}::uuid RETURNING had.kinds`;
    return row?.kinds ?? [];
  }
}
