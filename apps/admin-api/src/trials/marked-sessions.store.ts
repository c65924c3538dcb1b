import { Prisma, type PrismaService } from '@curfew/persistence';
import type { EndReason, Instant } from '@curfew/session-policy';
import type { PolicyReach } from '../sessions/search.js';

/** A session that a shadow would have ended. */
export interface MarkedSession {
  readonly id: string;
  readonly account_id: string;
  readonly client_id: string;
  readonly shadow_end: Date;
  readonly shadow_used_after: number | null;
  readonly last_active_at: Date;
  readonly ended_at: Date | null;
  readonly end_reason: EndReason | null;
}

/** How many sessions a shadow would have ended, and what became of them. */
export interface MarkedCounts {
  readonly marked: number;
  readonly usedAgain: number;
  readonly live: number;
  readonly ended: Readonly<Record<string, number>>;
  readonly isComplete: boolean;
}

/** Marks that are counted. */
const maxCounted = 100_000;

/** Finds the sessions that bear the mark of a shadow. An index knows them alone. */
export class MarkedSessionsStore {
  constructor(private readonly prisma: PrismaService) {}

  /** A page of them in the order of their ids. */
  page(
    reach: PolicyReach,
    since: Instant,
    { after, limit }: { readonly after: string | null; readonly limit: number },
  ): Promise<MarkedSession[]> {
    return this.prisma.$queryRaw<MarkedSession[]>`
      SELECT id::text AS id, account_id::text AS account_id, client_id, shadow_end, shadow_used_after, last_active_at, ended_at, end_reason
      FROM session s WHERE ${marked(reach, since)} AND (${after}::uuid IS NULL OR id > ${after}::uuid) ORDER BY id LIMIT ${limit}`;
  }

  /** How many there are, up to a bound. */
  async count(reach: PolicyReach, since: Instant): Promise<MarkedCounts> {
    const rows = await this.prisma.$queryRaw<{ end_reason: string | null; marked: number; used: number }[]>`
      SELECT end_reason, count(*)::int AS marked, count(shadow_used_after)::int AS used FROM (
        SELECT end_reason, shadow_used_after FROM session s WHERE ${marked(reach, since)} LIMIT ${maxCounted + 1}) m
      GROUP BY end_reason ORDER BY marked DESC, end_reason`;
    const sum = (of: 'marked' | 'used') => rows.reduce((total, row) => total + row[of], 0);
    const ended = rows.flatMap(({ end_reason: reason, marked: count }) =>
      reason === null ? [] : [[reason, count] as const],
    );
    return {
      marked: Math.min(sum('marked'), maxCounted),
      usedAgain: sum('used'),
      live: rows.find(({ end_reason: reason }) => reason === null)?.marked ?? 0,
      ended: Object.fromEntries(ended),
      isComplete: sum('marked') <= maxCounted,
    };
  }
}

/** Marks of earlier shadows lie before this one began. */
function marked({ everyone, clients, resources }: PolicyReach, since: Instant): Prisma.Sql {
  const reached = everyone
    ? Prisma.sql`true`
    : Prisma.sql`(client_id = ANY(${[...clients]}::text[]) OR resources && ${[...resources]}::text[])`;
  return Prisma.sql`shadow_end IS NOT NULL AND shadow_end >= ${new Date(since)} AND ${reached}`;
}
