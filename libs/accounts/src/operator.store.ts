import { type AdminScope, isAdminScope } from '@curfew/config/admin-scopes';
import type { PrismaService, Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';

/** Knows which people may administer, and how far; the table `operator`. */
export class OperatorStore {
  constructor(private readonly prisma: PrismaService) {}

  /** The admin scopes of an account; none unless an operator granted them. */
  async scopesOf(accountId: string, tx: Transaction = this.prisma): Promise<ReadonlySet<AdminScope>> {
    const rows = await tx.$queryRaw<{ scopes: string[] }[]>`
      SELECT scopes FROM operator WHERE account_id = ${accountId}::uuid`;
    return new Set((rows[0]?.scopes ?? []).filter(isAdminScope));
  }

  /** Replaces what an account may do here; with no scopes it is no operator any more. */
  async set(
    accountId: string,
    scopes: readonly AdminScope[],
    grantedBy: string,
    now: Instant,
    tx: Transaction,
  ): Promise<void> {
    if (scopes.length === 0) {
      await this.remove(accountId, tx);
      return;
    }
    await tx.$executeRaw`
      INSERT INTO operator (account_id, scopes, granted_at, granted_by)
      VALUES (${accountId}::uuid, ${[...scopes]}::text[], ${new Date(now)}, ${grantedBy})
      ON CONFLICT (account_id) DO UPDATE SET scopes = excluded.scopes, granted_at = excluded.granted_at, granted_by = excluded.granted_by`;
  }

  /** Forgets an account that is deleted. */
  async remove(accountId: string, tx: Transaction): Promise<void> {
    await tx.$executeRaw`DELETE FROM operator WHERE account_id = ${accountId}::uuid`;
  }
}
