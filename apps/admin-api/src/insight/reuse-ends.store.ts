import { Prisma, PrismaService } from '@curfew/persistence';
import type { EventType, Instant } from '@curfew/session-policy';
import { leastIdAt } from '@curfew/tokens';
import { Injectable } from '@nestjs/common';

/** Ends by reuse, or siblings, that are looked at, newest first. */
const maxLooked = 10_000;

/** A candidate for the settings `siblingWindow` and `siblingDistance`. */
export interface SiblingCandidate {
  readonly windowSeconds: number;
  readonly distance: number;
}

/** The siblings of one client that were served, and how many sessions they were of: each would have ended at the first of them. */
export interface ServedSiblings {
  readonly clientId: string;
  readonly served: number;
  readonly sessions: number;
}

/** Differences that do not tell siblings from strangers: they come within one network prefix. */
const withinPrefix = ['ip', 'asn', 'country'];

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
      FROM (${this.#latest('session.reuse_found', clientIds, from, to)}) e, LATERAL (SELECT e.data -> 'evidence' AS evidence) shown`;
    return { ends: row.ends, wouldBeRetries: row.retries };
  }

  /** How many there were, and how many would have been siblings: in time, not too far behind, and nothing known that differs. */
  async countSiblings(
    clientIds: readonly string[] | undefined,
    from: Instant,
    to: Instant,
    { windowSeconds, distance }: SiblingCandidate,
  ): Promise<{ ends: number; wouldBeSiblings: number }> {
    const [row] = await this.prisma.$queryRaw<[{ ends: number; siblings: number }]>`
      SELECT count(*)::int AS ends, (count(*) FILTER (WHERE evidence ->> 'class' IN ('concurrent', 'lost_response', 'stale_lineage')
        AND (evidence ->> 'secondsSinceRotation')::float8 < ${windowSeconds}::float8
        AND (evidence ->> 'currentGeneration')::int - (evidence ->> 'presentedGeneration')::int <= ${distance}::int
        AND (evidence -> 'differingSignals') - ${withinPrefix}::text[] = '[]'::jsonb))::int AS siblings
      FROM (${this.#latest('session.reuse_found', clientIds, from, to)}) e, LATERAL (SELECT e.data -> 'evidence' AS evidence) shown`;
    return { ends: row.ends, wouldBeSiblings: row.siblings };
  }

  /** The siblings that were served, by client. */
  siblings(
    clientIds: readonly string[] | undefined,
    from: Instant,
    to: Instant,
  ): Promise<readonly ServedSiblings[]> {
    return this.prisma.$queryRaw<ServedSiblings[]>`
      SELECT client_id AS "clientId", count(*)::int AS served, count(DISTINCT session_id)::int AS sessions
      FROM (${this.#latest('session.sibling_served', clientIds, from, to)}) e GROUP BY client_id`;
  }

  #latest(type: EventType, clientIds: readonly string[] | undefined, from: Instant, to: Instant): Prisma.Sql {
    return Prisma.sql`SELECT session_id, client_id, data FROM event
      WHERE type = ${type} AND id >= ${leastIdAt(from)}::uuid AND id < ${leastIdAt(to)}::uuid
        AND (${clientIds === undefined} OR client_id = ANY(${[...(clientIds ?? [])]}::text[]))
      ORDER BY id DESC LIMIT ${maxLooked}`;
  }
}
