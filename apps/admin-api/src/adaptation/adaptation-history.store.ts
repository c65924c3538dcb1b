import { PrismaService } from '@curfew/persistence';
import type { EventData } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';

/** A step that an adaptation took. */
export interface TakenStep {
  readonly at: Date;
  readonly data: EventData['policy.adapted'];
}

/** A release of an application. */
export interface Release {
  readonly clientId: string;
  readonly releasedAt: Date;
  readonly createdBy: string;
}

/** Steps and releases that are listed at most. */
const maxListed = 200;

/** The changes that adaptations made, and the releases that held them back. */
@Injectable()
export class AdaptationHistory {
  constructor(private readonly prisma: PrismaService) {}

  /** The steps of a policy, the latest first. */
  steps(policy: string): Promise<TakenStep[]> {
    return this.prisma.$queryRaw<TakenStep[]>`
      SELECT at, data FROM event WHERE type = 'policy.adapted' AND data ->> 'policy' = ${policy}
      ORDER BY id DESC LIMIT ${maxListed}`;
  }

  /** The releases of one application or of all, the latest first. */
  releases(clientId: string | undefined): Promise<Release[]> {
    return this.prisma.$queryRaw<Release[]>`
      SELECT client_id AS "clientId", released_at AS "releasedAt", created_by AS "createdBy" FROM client_release
      WHERE ${clientId === undefined} OR client_id = ${clientId ?? ''}
      ORDER BY released_at DESC, client_id LIMIT ${maxListed}`;
  }
}
