import { PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { leastIdAt } from '@curfew/tokens';
import { Injectable } from '@nestjs/common';

/** Ends by reuse that are looked at, newest first. */
const maxLooked = 10_000;

/** Ends by reuse, with the evidence that was kept of them. */
@Injectable()
export class ReuseEndsStore {
  constructor(private readonly prisma: PrismaService) {}

  /** How many there were, and how many would have been retries under a retry window of so many seconds: same key, direct parent, in time. */
  async count(
    clientIds: readonly string[] | undefined,
    from: Instant,
    to: Instant,
    windowSeconds: number,
  ): Promise<{ ends: number; wouldBeRetries: number }> {
    const [row] = await this.prisma.$queryRaw<[{ ends: number; retries: number }]>`
      SELECT count(*)::int AS ends, (count(*) FILTER (WHERE evidence ->> 'class' IN ('concurrent', 'lost_response')
        AND (evidence ->> 'secondsSinceRotation')::float8 <= ${windowSeconds}::float8
        AND NOT evidence -> 'differingSignals' ? 'keyThumbprint'))::int AS retries
      FROM (SELECT data -> 'evidence' AS evidence FROM event
        WHERE type = 'session.reuse_found' AND id >= ${leastIdAt(from)}::uuid AND id < ${leastIdAt(to)}::uuid
          AND (${clientIds === undefined} OR client_id = ANY(${[...(clientIds ?? [])]}::text[]))
        ORDER BY id DESC LIMIT ${maxLooked}) e`;
    return { ends: row.ends, wouldBeRetries: row.retries };
  }
}
