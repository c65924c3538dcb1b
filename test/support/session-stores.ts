import { EndAnnouncer } from '@curfew/events';
import type { SilenceRecorder } from '@curfew/insight';
import type { PrismaService, Statements } from '@curfew/persistence';
import { seconds } from '@curfew/session-policy';
import { EndWriter, PostgresSessionStore, PostgresSweepStore, type Retention } from '@curfew/sessions/store';

const limits = { inFlight: 2, largest: 64 };

/** The stores of sessions as a process has them, with one day of retention unless it is given; the hottest statements share Prisma's connections unless they have their own. */
export function sessionStores(
  prisma: PrismaService,
  {
    statements = prisma.direct,
    announcements = statements,
    silences,
    report = () => {},
    retention = { ended: seconds(86_400) },
  }: {
    statements?: Statements;
    /** Carries announcements. */
    announcements?: Statements;
    silences?: SilenceRecorder;
    report?: (error: unknown) => void;
    retention?: Retention;
  } = {},
) {
  const parts = { prisma, statements, limits, silences };
  const announcer = new EndAnnouncer(announcements, report);
  const ends = new EndWriter({ announcer, retention, ...parts });
  const store = new PostgresSessionStore({ ends, ...parts });
  return { announcer, ends, store, sweep: new PostgresSweepStore(prisma, ends) };
}
