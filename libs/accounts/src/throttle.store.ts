import { createHash } from 'node:crypto';
import type { Clock } from '@curfew/clock';
import { Prisma, type PrismaService } from '@curfew/persistence';
import { plus, type Seconds, seconds } from '@curfew/session-policy';

/** How many attempts of one kind are let through in one window; written as configuration writes a rate. */
export interface ThrottleLimit {
  readonly count: number;
  /** Seconds from the first attempt; a window does not slide. */
  readonly window: Seconds;
}

/** Whether an attempt may go on; if not, after how many seconds it is worth trying again. */
export type ThrottleVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly retryAfter: Seconds };

/**
 * The key of a counter: what is counted, then who it is counted for. The second part is hashed because names and addresses
 * of people do not belong into a table of counters; its parts cannot be shifted against each other.
 */
export const throttleKey = (what: string, ...who: readonly string[]): string =>
  `${what}:${createHash('sha256').update(JSON.stringify(who)).digest('base64url')}`;

interface Counted {
  count: number;
  windowEndsAt: Date;
}

const iso = (at: number): string => new Date(at).toISOString();

/**
 * Counts attempts in the database, so that all nodes count together. Each count is one statement that adds and answers,
 * so of any number of simultaneous attempts no more than the limit are let through. Count BEFORE the work that is guarded.
 * Never runs inside a caller's transaction: a count must stand even if the attempt is rolled back.
 */
export class Throttle {
  constructor(
    private readonly prisma: PrismaService,
    private readonly clock: Clock,
  ) {}

  /** Counts one attempt. Beyond the limit the counter stands still, so refused attempts cost and prolong nothing. */
  async take(key: string, { count, window }: ThrottleLimit): Promise<ThrottleVerdict> {
    const now = this.clock.now();
    const [row] = await this.prisma.$queryRaw<Counted[]>(Prisma.sql`
      INSERT INTO throttle (key, count, window_ends_at)
      VALUES (${key}, 1, ${iso(plus(now, window))}::timestamptz)
      ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN throttle.window_ends_at <= ${iso(now)}::timestamptz THEN 1
                     ELSE LEAST(throttle.count + 1, ${count + 1}::int) END,
        window_ends_at = CASE WHEN throttle.window_ends_at <= ${iso(now)}::timestamptz THEN EXCLUDED.window_ends_at
                              ELSE throttle.window_ends_at END
      RETURNING count, window_ends_at AS "windowEndsAt"`);
    if (!row || row.count <= count) return { allowed: true };
    // Rounded up, and never 0: who waits that long finds the window closed.
    const left = Math.ceil((row.windowEndsAt.getTime() - now) / 1000);
    return { allowed: false, retryAfter: seconds(Math.max(1, left)) };
  }

  /** Takes back one counted attempt that was allowed but turned out to be no guess. */
  async giveBack(key: string, { count }: ThrottleLimit): Promise<void> {
    await this.prisma.$executeRaw(Prisma.sql`
      UPDATE throttle SET count = LEAST(count, ${count}::int) - 1 WHERE key = ${key} AND count > 0`);
  }

  /** Forgets what was counted under these keys. */
  async reset(...keys: readonly string[]): Promise<void> {
    await this.prisma.throttle.deleteMany({ where: { key: { in: [...keys] } } });
  }

  /** Remembers `key` from now on for `window` seconds; each call starts anew. */
  async mark(key: string, window: Seconds): Promise<void> {
    const windowEndsAt = new Date(plus(this.clock.now(), window));
    await this.prisma.throttle.upsert({
      where: { key },
      create: { key, count: 1, windowEndsAt },
      update: { windowEndsAt },
    });
  }

  /** Which of these keys are remembered by `mark`. */
  async marked(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.prisma.throttle.findMany({
      where: { key: { in: [...keys] }, windowEndsAt: { gt: new Date(this.clock.now()) } },
      select: { key: true },
    });
    return new Set(rows.map((row) => row.key));
  }

  /** Deletes at most `limit` counters whose window is over and says how many; nodes that prune together do not meet. */
  async prune(limit = 1000): Promise<number> {
    return this.prisma.$executeRaw(Prisma.sql`
      DELETE FROM throttle WHERE key IN (
        SELECT key FROM throttle WHERE window_ends_at <= ${iso(this.clock.now())}::timestamptz
        LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)`);
  }
}
