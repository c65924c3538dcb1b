import { PrismaService } from '@curfew/persistence';
import type { EventType } from '@curfew/session-policy';
import { Injectable } from '@nestjs/common';

/** One thing that happened to a session. */
export interface TimelineEvent {
  readonly type: string;
  readonly at: Date;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The exchanges of tokens of one session by the same clients, for one API and with one scope, as one. */
export interface ExchangeGroup {
  readonly actors: readonly string[];
  readonly resource: string;
  readonly scope: string;
  readonly tokens: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** When the last of these tokens expires. */
  readonly expiresAt: Date;
}

/** The number of events of one session that are read. */
export const maxTimelineEvents = 1_000;

const exchanged: EventType = 'token.exchanged';

/** The history of one session, oldest first, from the table `event`. Exchanges are apart: APIs make any number of them. */
@Injectable()
export class TimelineStore {
  constructor(private readonly prisma: PrismaService) {}

  /** At most `maxTimelineEvents`, the latest of them. */
  async of(sessionId: string): Promise<readonly TimelineEvent[]> {
    const rows = await this.prisma.$queryRaw<TimelineEvent[]>`
      SELECT type, at, data FROM event WHERE session_id = ${sessionId}::uuid AND type <> ${exchanged}
      ORDER BY id DESC LIMIT ${maxTimelineEvents}`;
    return rows.reverse();
  }

  /** The exchanges of its tokens, all of them counted: at most `maxTimelineEvents` groups, those that were added to last. */
  async exchangesOf(sessionId: string): Promise<readonly ExchangeGroup[]> {
    return this.prisma.$queryRaw<ExchangeGroup[]>`
      SELECT * FROM (
        SELECT data -> 'actors' AS actors, data ->> 'resource' AS resource, data ->> 'scope' AS scope, count(*)::int AS tokens,
          min(at) AS "firstAt", max(at) AS "lastAt", to_timestamp(max((data ->> 'expiresAt')::float8) / 1000) AS "expiresAt"
        FROM event WHERE session_id = ${sessionId}::uuid AND type = ${exchanged}
        GROUP BY 1, 2, 3 ORDER BY max(at) DESC LIMIT ${maxTimelineEvents}) g
      ORDER BY "firstAt"`;
  }

  /** The timeline of a browser: its sign-ins and their ends, and the starts and ends of its sessions. */
  async ofBrowser(uid: string, accountId: string): Promise<readonly TimelineEvent[]> {
    const rows = await this.prisma.$queryRaw<TimelineEvent[]>`
      SELECT type, at, data FROM event e
      WHERE account_id = ${accountId}::uuid AND (
        (type IN ('signin.succeeded', 'signin.ended') AND data ->> 'browserSessionUid' = ${uid})
        OR (type IN ('session.started', 'session.ended') AND session_id IN (
          SELECT id FROM session WHERE browser_session_uid = ${uid} AND account_id = ${accountId}::uuid)))
      ORDER BY id DESC LIMIT ${maxTimelineEvents}`;
    return rows.reverse();
  }
}
