import type { PrismaService } from '@curfew/persistence';
import type { Instant, SessionPolicy } from '@curfew/session-policy';
import { deadlineUnder, notKilledUnsettled, rowStands } from '@curfew/sessions';

/** Live sessions of one client with one set of APIs: they are all under one policy. */
export interface LiveLineage {
  readonly clientId: string;
  readonly resources: readonly string[];
  readonly live: number;
}

/** Counts what a policy would end; reads all live sessions. */
export class PreviewStore {
  constructor(private readonly prisma: PrismaService) {}

  /** How many sessions live, by client and APIs. */
  async lineages(now: Instant): Promise<readonly LiveLineage[]> {
    const rows = await this.prisma.$queryRaw<{ client_id: string; resources: string[]; live: number }[]>`
      SELECT client_id, resources, count(*)::int AS live FROM session s
      WHERE ${rowStands(now, notKilledUnsettled)}
      GROUP BY client_id, resources ORDER BY client_id, resources LIMIT 10000`;
    return rows.map((row) => ({ clientId: row.client_id, resources: row.resources, live: row.live }));
  }

  /** How many live sessions of a lineage are past what this policy would allow them. */
  async wouldEnd({ clientId, resources }: LiveLineage, policy: SessionPolicy, now: Instant): Promise<number> {
    const rows = await this.prisma.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM session s
      WHERE client_id = ${clientId} AND resources = ${[...resources]}::text[]
        AND ${rowStands(now, notKilledUnsettled)} AND ${deadlineUnder(policy)} <= ${new Date(now)}`;
    return rows[0]?.count ?? 0;
  }
}
