import { Prisma, PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { leastIdAt } from '@curfew/tokens';
import { Injectable } from '@nestjs/common';

/** A span of time: from `since` up to and without `until`. */
export interface Period {
  readonly since: Instant;
  readonly until: Instant;
}

/** How often something happened in a period. */
export interface EventEvidence {
  readonly type: string;
  /** null for events without one. */
  readonly reason: string | null;
  readonly count: number;
  readonly latestId: string;
  readonly latestAt: Date;
}

/** A change of a policy, or of what it is attached to. */
export interface PolicyChange {
  readonly at: Date;
  readonly policy: string;
  readonly version: number;
  readonly change: string;
  readonly kind: string | null;
  readonly target: string | null;
  readonly actor: string | null;
}

/** Events of one type that are looked at, latest first, so that a report costs no more the longer an installation runs. */
export const maxLookedAt = 50_000;

const changeColumns = Prisma.sql`at, data ->> 'policy' AS policy, coalesce((data ->> 'version')::int, 0) AS version, data ->> 'change' AS change,
  data #>> '{attachment,kind}' AS kind, data #>> '{attachment,target}' AS target, coalesce(data #>> '{by,id}', data #>> '{by,kind}') AS actor`;

/** Reads the events that a report rests on. */
@Injectable()
export class EvidenceStore {
  constructor(private readonly prisma: PrismaService) {}

  /** How often events of these types happened in a period, by reason. */
  async counts(types: readonly string[], { since, until }: Period): Promise<readonly EventEvidence[]> {
    return this.prisma.$queryRaw<EventEvidence[]>`
      SELECT wanted.type, found.reason, found.count, found."latestId", found."latestAt"
      FROM unnest(${[...types]}::text[]) AS wanted (type) CROSS JOIN LATERAL (
        SELECT reason, count(*)::int AS count, max(id::text) AS "latestId", max(at) AS "latestAt" FROM (
          SELECT id, at, data ->> 'reason' AS reason FROM any_event
          WHERE type = wanted.type AND id >= ${leastIdAt(since)}::uuid AND id < ${leastIdAt(until)}::uuid
          ORDER BY id DESC LIMIT ${maxLookedAt}
        ) looked GROUP BY reason
      ) found`;
  }

  /** The latest changes of policies in a period. */
  async changes({ since, until }: Period, limit: number): Promise<readonly PolicyChange[]> {
    return this.prisma.$queryRaw<PolicyChange[]>`
      SELECT ${changeColumns} FROM event
      WHERE type = 'policy.changed' AND id >= ${leastIdAt(since)}::uuid AND id < ${leastIdAt(until)}::uuid
      ORDER BY id DESC LIMIT ${limit}`;
  }

  /** The latest attachment of each target that has ever been attached to or detached from. */
  async attachments(): Promise<readonly PolicyChange[]> {
    return this.prisma.$queryRaw<PolicyChange[]>`
      SELECT DISTINCT ON (data #>> '{attachment,kind}', data #>> '{attachment,target}') ${changeColumns} FROM (
        SELECT id, at, data FROM event WHERE type = 'policy.changed' AND data -> 'attachment' <> 'null'::jsonb ORDER BY id DESC LIMIT ${maxLookedAt}
      ) attached ORDER BY data #>> '{attachment,kind}', data #>> '{attachment,target}', id DESC`;
  }
}
