import type { PrismaService } from '@curfew/persistence';
import type { Instant, SessionPolicy } from '@curfew/session-policy';

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
      WHERE ended_at IS NULL AND expires_at > ${new Date(now)}
        AND NOT EXISTS (SELECT 1 FROM not_before n WHERE n.kind = 'everyone' AND n.at >= s.signed_in_at)
      GROUP BY client_id, resources ORDER BY client_id, resources LIMIT 10000`;
    return rows.map((row) => ({ clientId: row.client_id, resources: row.resources, live: row.live }));
  }

  /** How many live sessions of a lineage are past what this policy would allow them. */
  async wouldEnd({ clientId, resources }: LiveLineage, policy: SessionPolicy, now: Instant): Promise<number> {
    const idleSince = new Date(now - policy.inactivityTimeout * 1000);
    const signedInBefore = new Date(now - policy.absoluteLifetime * 1000);
    const rows = await this.prisma.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM session s
      WHERE client_id = ${clientId} AND resources = ${[...resources]}::text[]
        AND ended_at IS NULL AND expires_at > ${new Date(now)}
        AND NOT EXISTS (SELECT 1 FROM not_before n WHERE n.kind = 'everyone' AND n.at >= s.signed_in_at)
        AND (last_active_at <= ${idleSince} OR date_trunc('second', signed_in_at) <= ${signedInBefore})`;
    return rows[0]?.count ?? 0;
  }
}
