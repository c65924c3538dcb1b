import type { HotStatement, PrismaService } from '@curfew/persistence';
import { type Instant, plus, seconds } from '@curfew/session-policy';
import type { FollowerReport } from './followers.js';

/** A node that serves the feed, as other processes see it. */
export interface FeedNode {
  readonly id: string;
  readonly seenAt: Instant;
  readonly followers: readonly FollowerReport[];
}

/** A node that has not been seen for this long serves nobody: its followers have had no beat for longer than they trust. */
const goneAfter = seconds(3);
const lastSeen = (now: Instant): Date => new Date(plus(now, seconds(-goneAfter)));
/** Rows of nodes that are long gone are deleted after this. */
const forgottenAfter = seconds(60);

const reportStatement: HotStatement = {
  name: 'feed_node_report',
  text: `
    WITH gone AS (DELETE FROM feed_node WHERE seen_at < to_timestamp($1::float8 / 1000))
    INSERT INTO feed_node (id, seen_at, followers, confirmed)
    VALUES ($2::uuid, to_timestamp($3::float8 / 1000), $4::jsonb, $5::text[])
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, followers = excluded.followers, confirmed = excluded.confirmed`,
  // A report that a failover loses is replaced by the next one, so the guard need not mark it.
  place: 'noted by its caller',
};

/** The reports of nodes about their followers, for each other and for operators. */
export class FeedNodeStore {
  constructor(private readonly prisma: PrismaService) {}

  /** Writes this node's row, and deletes those of nodes that are long gone. */
  async report(
    id: string,
    now: Instant,
    followers: readonly FollowerReport[],
    confirmed: readonly string[],
  ): Promise<void> {
    const before = plus(now, seconds(-forgottenAfter));
    await this.prisma.direct.run(reportStatement, [before, id, now, JSON.stringify(followers), confirmed]);
  }

  /** Takes this node's row away: it stops. */
  async remove(id: string): Promise<void> {
    await this.prisma.$executeRaw`DELETE FROM feed_node WHERE id = ${id}::uuid`;
  }

  /** The ids of the nodes that serve followers at the moment. */
  async ids(now: Instant): Promise<readonly string[]> {
    const rows = await this.prisma.$queryRaw<{ id: string }[]>`
      SELECT id::text AS id FROM feed_node WHERE seen_at > ${lastSeen(now)}`;
    return rows.map(({ id }) => id);
  }

  /** The followers of every node but this one, each with its client. */
  async followersElsewhere(id: string, now: Instant): Promise<ReadonlyMap<string, string>> {
    const rows = await this.prisma.$queryRaw<{ follower: string; client: string }[]>`
      SELECT entry ->> 'id' AS follower, entry ->> 'clientId' AS client
      FROM feed_node, jsonb_array_elements(followers) AS entry
      WHERE id <> ${id}::uuid AND seen_at > ${lastSeen(now)}`;
    return new Map(rows.map(({ follower, client }) => [follower, client]));
  }

  /** Every node that serves followers at the moment, with its followers. */
  async nodes(now: Instant): Promise<readonly FeedNode[]> {
    const rows = await this.prisma.$queryRaw<{ id: string; seen_at: Date; followers: FollowerReport[] }[]>`
      SELECT id::text AS id, seen_at, followers FROM feed_node WHERE seen_at > ${lastSeen(now)}`;
    return rows.map(({ id, seen_at, followers }) => ({
      id,
      seenAt: seen_at.getTime() as Instant,
      followers,
    }));
  }

  /** How many of these nodes have not confirmed yet; one that is gone need not. */
  async unconfirmed(id: string, among: readonly string[], now: Instant): Promise<number> {
    const rows = await this.prisma.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM feed_node
      WHERE seen_at > ${lastSeen(now)} AND id = ANY(${among}::uuid[]) AND NOT ${id} = ANY(confirmed)`;
    return rows[0]!.count;
  }
}
