import { presenceSeconds } from '@curfew/insight';
import { Prisma, PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { notCoveredUnsettled, rowStands } from '@curfew/sessions/statements';
import { leastIdAt } from '@curfew/tokens';
import { Injectable } from '@nestjs/common';

/** Figures of the whole installation at one moment. */
export interface Figures {
  readonly live: number;
  readonly liveByClient: readonly LiveSessions[];
  readonly startedLastDay: number;
  readonly endedLastDay: Readonly<Record<string, number>>;
  readonly unsettledMassEnds: number;
  readonly accounts: number;
  readonly clients: number;
}

/** Live sessions of a client. */
export interface LiveSessions {
  readonly client_id: string;
  readonly count: number;
  /** Those in which nobody has been active for two minutes, and for how many hours they are usable if nobody comes back. */
  readonly unattended: number;
  readonly unattended_hours: number;
}

interface Row {
  started: number;
  ended: Record<string, number> | null;
  unsettled: number;
  accounts: number;
  clients: number;
}

const day = 86_400_000;
/** A session's id is made when it is authorized, which is up to this much before it starts. */
const hour = 3_600_000;

const unattended = (now: Instant): Prisma.Sql =>
  Prisma.sql`last_active_at <= ${new Date(now - presenceSeconds * 1_000)}`;

/**
 * Counts; live sessions are read one by one, so the answer is worth keeping a while. Asking for each session's present policy would
 * read all of them twice, so sessions that a shorter policy ended count until the sweep after its change.
 */
@Injectable()
export class StatsStore {
  constructor(private readonly prisma: PrismaService) {}

  /** The figures as they stand. */
  async figures(now: Instant): Promise<Figures> {
    const since = new Date(now - day);
    const [byClient, rows] = await Promise.all([
      this.prisma.$queryRaw<LiveSessions[]>`
        SELECT client_id, count(*)::int AS count, count(*) FILTER (WHERE ${unattended(now)})::int AS unattended,
          coalesce(sum(extract(epoch FROM expires_at - ${new Date(now)}) / 3600) FILTER (WHERE ${unattended(now)}), 0)::float8 AS unattended_hours
        FROM session s
        WHERE ${rowStands(now, notCoveredUnsettled)}
        GROUP BY client_id ORDER BY count(*) DESC, client_id LIMIT 1000`,
      this.prisma.$queryRaw<Row[]>`
        SELECT (SELECT count(*)::int FROM session WHERE started_at >= ${since} AND id >= ${leastIdAt((now - day - hour) as Instant)}::uuid) AS started,
          (SELECT jsonb_object_agg(end_reason, count) FROM (
            SELECT end_reason, count(*)::int AS count FROM session WHERE ended_at >= ${since} AND ended_at IS NOT NULL GROUP BY end_reason) e) AS ended,
          (SELECT count(*)::int FROM not_before WHERE settled_at IS NULL) AS unsettled,
          (SELECT count(*)::int FROM account) AS accounts, (SELECT count(*)::int FROM client) AS clients`,
    ]);
    const row = rows[0]!;
    return {
      live: byClient.reduce((sum, { count }) => sum + count, 0),
      liveByClient: byClient,
      startedLastDay: row.started,
      endedLastDay: row.ended ?? {},
      unsettledMassEnds: row.unsettled,
      accounts: row.accounts,
      clients: row.clients,
    };
  }
}
