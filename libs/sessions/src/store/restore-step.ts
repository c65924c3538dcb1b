import { EndAnnouncer, EventLog, type NewEvent } from '@curfew/events';
import { databaseClock, PrismaService, type Transaction } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import { newId } from '@curfew/tokens';
import { writeMassEnd } from './mass-end.js';

/** The configuration that the step needs. */
export interface RestoredService {
  readonly database: ConstructorParameters<typeof PrismaService>[0];
  readonly virtualClock: boolean;
  readonly endedSessionRetention: number;
}

/** The result of the step: the epoch it raised, and the instant up to which everything that was authorized is over. */
export interface RestoreTaken {
  readonly epoch: number;
  readonly notBefore: Instant;
}

/**
 * Takes the step that follows a restore, on a connection that nobody guards: ends everything that was authorized, raises the epoch, begins the
 * era of the same number, and lifts the refusal, in one commit. With `onlyIfLost` it does so only while the database is known to have lost
 * something, so that of several processes that want to, one does; the others get undefined.
 */
export async function takeRestoreStep(
  service: RestoredService,
  { onlyIfLost }: { readonly onlyIfLost: boolean },
): Promise<RestoreTaken | undefined> {
  const prisma = new PrismaService(service.database, 1);
  try {
    const now = await databaseClock(prisma, service)();
    const taken = await prisma.$transaction((transaction) =>
      restoreWithin(transaction, prisma, { now, onlyIfLost }),
    );
    if (taken) await announceEnd(prisma);
    return taken;
  } finally {
    await prisma.$disconnect();
  }
}

interface Step {
  readonly now: number;
  readonly onlyIfLost: boolean;
}

async function restoreWithin(
  transaction: Transaction,
  prisma: PrismaService,
  { now, onlyIfLost }: Step,
): Promise<RestoreTaken | undefined> {
  const raised = await raiseEpoch(transaction, now, onlyIfLost);
  if (!raised) return undefined;
  const { epoch, notBefore: at } = raised;
  await transaction.$executeRaw`SELECT curfew_begin_era(${epoch}::int)`;
  const by = { kind: 'system', id: null, ip: null } as const;
  const massEnd = {
    kind: 'everyone',
    target: '',
    reason: 'restored_from_backup',
    at,
    detail: { by },
  } as const;
  await writeMassEnd(transaction, massEnd);
  await new EventLog(prisma).record([restoredEvent(raised)], transaction);
  return raised;
}

/** Followers of the feed hear of it now; if the announcement fails, they hear of it within a beat. */
async function announceEnd(prisma: PrismaService): Promise<void> {
  const announcer = new EndAnnouncer(prisma.direct, () => {});
  announcer.all({ kind: 'everyone', target: '' });
  await announcer.settle();
}

/** The step comes after everything that is remembered of the database, also where the clock of the lost one was ahead. */
async function raiseEpoch(
  transaction: Transaction,
  now: number,
  onlyIfLost: boolean,
): Promise<RestoreTaken | undefined> {
  const [row] = await transaction.$queryRaw<{ epoch: number; known_at: number | null }[]>`
    WITH before AS MATERIALIZED (SELECT lost_since, lost_known_at FROM service_state WHERE id = 1 FOR UPDATE)
    UPDATE service_state s SET epoch = s.epoch + 1, lost_since = NULL, lost_known_at = NULL,
      restored_at = GREATEST(clock_timestamp(), before.lost_known_at + interval '1 millisecond')
    FROM before WHERE s.id = 1 AND (NOT ${onlyIfLost} OR before.lost_since IS NOT NULL)
    RETURNING s.epoch, (extract(epoch FROM before.lost_known_at) * 1000 + s.clock_offset_ms)::float8 AS known_at`;
  return row && { epoch: row.epoch, notBefore: instant(Math.ceil(Math.max(now, row.known_at ?? 0))) };
}

const restoredEvent = ({ epoch, notBefore }: RestoreTaken): NewEvent => ({
  id: newId(notBefore),
  at: notBefore,
  type: 'service.restored',
  sessionId: null,
  accountId: null,
  clientId: null,
  data: { epoch, notBefore },
});
