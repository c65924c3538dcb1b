import type { PrismaService, Transaction } from './prisma.service.js';
import type { HotStatement } from './statements.js';

/** The channel on which nodes are told to measure again because the virtual clock was moved. */
export const clockChannel = 'curfew_clock';

/** The clock of this database was moved, but the configuration does not allow a virtual clock. */
export class VirtualClockRefused extends Error {
  override readonly name = 'VirtualClockRefused';
  readonly code = 'virtual_clock_refused';

  constructor() {
    super(
      'the clock of this database was moved, and CURFEW_VIRTUAL_CLOCK is not true: use another database, or move nothing in production',
    );
  }
}

const clockStatement: HotStatement = {
  name: 'database_clock',
  text: `SELECT (extract(epoch FROM clock_timestamp()) * 1000 + clock_offset_ms)::float8, clock_offset_ms <> 0 FROM service_state WHERE id = 1`,
};

/**
 * A function that asks the database for its time (milliseconds since the epoch, with fractions), the virtual offset included. Rejects
 * with `VirtualClockRefused` if there is an offset and `virtualClock` is false.
 */
export function databaseClock(
  prisma: PrismaService,
  { virtualClock }: { readonly virtualClock: boolean },
): () => Promise<number> {
  return async () => {
    const [row] = await prisma.direct.run<[now: number, isMoved: boolean]>(clockStatement, []);
    if (!row || (row[1] && !virtualClock)) throw new VirtualClockRefused();
    return row[0];
  };
}

/**
 * Milliseconds the virtual clock may be ahead in all, a hundred years. Beyond the year 9999 dates are written in a form that PostgreSQL
 * does not read, every request fails, and the clock never goes back.
 */
const maxAhead = 100 * 365.25 * 86_400_000;

/**
 * Moves the virtual clock of the whole installation forward by `milliseconds` and tells every node; false, and nothing is changed, where
 * it would be more than a hundred years ahead.
 */
export async function advanceVirtualClock(
  prisma: PrismaService | Transaction,
  milliseconds: number,
): Promise<boolean> {
  const moved = await prisma.$queryRaw<unknown[]>`
    WITH moved AS (UPDATE "service_state" SET "clock_offset_ms" = "clock_offset_ms" + ${BigInt(Math.max(0, Math.round(milliseconds)))}
                   WHERE "id" = 1 AND "clock_offset_ms" + ${BigInt(Math.max(0, Math.round(milliseconds)))} <= ${BigInt(maxAhead)} RETURNING "id")
    SELECT pg_notify(${clockChannel}, '')::text FROM moved`;
  return moved.length > 0;
}
