import type { PrismaService } from '@curfew/persistence';

/** One thing that happened to a session. */
export interface TimelineEvent {
  readonly type: string;
  readonly at: Date;
  readonly data: Readonly<Record<string, unknown>>;
}

/** So many events of one session are read. */
export const mostTimelineEvents = 1_000;

/** The history of one session, oldest first, from the table `event`. */
export class TimelineStore {
  constructor(private readonly prisma: PrismaService) {}

  /** At most `mostTimelineEvents`, the latest of them. */
  async of(sessionId: string): Promise<readonly TimelineEvent[]> {
    const rows = await this.prisma.$queryRaw<TimelineEvent[]>`
      SELECT type, at, data FROM event WHERE session_id = ${sessionId}::uuid ORDER BY id DESC LIMIT ${mostTimelineEvents}`;
    return rows.reverse();
  }
}
