import type { PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, instant, type Seconds, seconds } from '@curfew/session-policy';

/** Timeouts that are tried on the sessions of a policy in shadow: they end nothing. */
export interface PolicyShadow {
  readonly policy: string;
  readonly inactivityTimeout: Seconds;
  /** null: that of the policy. */
  readonly absoluteLifetime: Seconds | null;
  readonly since: Instant;
  readonly createdBy: string;
}

interface ShadowRow {
  policy: string;
  inactivityTimeout: number;
  absoluteLifetime: number | null;
  since: Date;
  createdBy: string;
}

const shadowOf = (row: ShadowRow): PolicyShadow => ({
  policy: row.policy,
  inactivityTimeout: seconds(row.inactivityTimeout),
  absoluteLifetime: row.absoluteLifetime === null ? null : seconds(row.absoluteLifetime),
  since: instant(row.since.getTime()),
  createdBy: row.createdBy,
});

/** Rows of the table `policy_shadow`. */
export class ShadowStore {
  constructor(private readonly prisma: PrismaService) {}

  async all(): Promise<PolicyShadow[]> {
    return (await this.prisma.policyShadow.findMany({ orderBy: { policy: 'asc' }, take: 1_000 })).map(
      shadowOf,
    );
  }

  async find(policy: string): Promise<PolicyShadow | null> {
    const row = await this.prisma.policyShadow.findUnique({ where: { policy } });
    return row && shadowOf(row);
  }

  /** Puts a shadow in place of another; one with the same timeouts keeps its beginning, and with it its marks. */
  async put({ policy, since, ...shadow }: PolicyShadow, tx: Transaction): Promise<void> {
    await tx.$executeRaw`
      INSERT INTO policy_shadow AS p (policy, inactivity_timeout, absolute_lifetime, since, created_by)
      VALUES (${policy}, ${shadow.inactivityTimeout}, ${shadow.absoluteLifetime}, ${new Date(since)}, ${shadow.createdBy})
      ON CONFLICT (policy) DO UPDATE SET inactivity_timeout = excluded.inactivity_timeout, absolute_lifetime = excluded.absolute_lifetime,
        since = excluded.since, created_by = excluded.created_by
      WHERE (p.inactivity_timeout, p.absolute_lifetime) IS DISTINCT FROM (excluded.inactivity_timeout, excluded.absolute_lifetime)`;
  }

  /** Whether there was one. */
  async remove(policy: string, tx: Transaction): Promise<boolean> {
    const removed = await tx.$queryRaw<
      unknown[]
    >`DELETE FROM policy_shadow WHERE policy = ${policy} RETURNING 1`;
    return removed.length > 0;
  }
}
