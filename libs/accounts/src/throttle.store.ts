import { createHash } from 'node:crypto';
import type { Clock } from '@curfew/clock';
import { Prisma, type PrismaService, retrying, type Statements } from '@curfew/persistence';
import { plus, type Seconds, seconds } from '@curfew/session-policy';
import { type FoundForSignIn, foundForSignIn, type SignInRow } from './account-row.js';
import { admitStatement, type Settlement, settleStatement, takeStatement } from './throttle-statements.js';

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
 * The key of a counter: the kind of attempt, then a hash of the names and addresses it is counted for, which do not belong into a table
 * of counters. The hash input is unambiguous about where each part ends.
 */
export const throttleKey = (what: string, ...who: readonly string[]): string =>
  `${what}:${createHash('sha256').update(JSON.stringify(who)).digest('base64url')}`;

/** A counter and its limit. */
export interface Counter {
  readonly key: string;
  readonly limit: ThrottleLimit;
}

/**
 * The counters an attempt may meet, in order. `place`, `lane` and `slowLane` name several, of which one is taken: by network and by device,
 * and of lanes before those the one of all strangers.
 */
export interface Counters {
  /** Under which `mark` remembers the network, and the device where there is one. */
  readonly familiar: readonly string[];
  readonly place: { readonly keys: readonly string[]; readonly limit: ThrottleLimit };
  readonly network: Counter;
  readonly lane: { readonly keys: readonly string[]; readonly limit: ThrottleLimit };
  readonly slowLane: { readonly keys: readonly string[]; readonly limit: ThrottleLimit };
}

/** Which counters were met, and whether one of them was full. */
export interface CountedAttempt {
  readonly verdict: ThrottleVerdict;
  readonly place: Counter;
  readonly network: Counter;
  readonly lane: Counter;
  readonly slowLane: Counter;
  /** The slow lane counted, because the other was full. */
  readonly inSlowLane: boolean;
  /** The account that is tried, if there is one. */
  readonly found: FoundForSignIn | null;
}

type CountedRow = [
  how: number,
  placeCount: number,
  placeEnds: number,
  networkCount: number | null,
  networkEnds: number | null,
  laneCount: number | null,
  laneEnds: number | null,
  slowCount: number | null,
  slowEnds: number | null,
  ...account: SignInRow,
  xid: string,
  position: string,
];

/** Rounded up and never 0, so that after this wait the window is over. */
const full = (windowEndsAt: number, now: number): ThrottleVerdict => ({
  allowed: false,
  retryAfter: seconds(Math.max(1, Math.ceil((windowEndsAt - now) / 1000))),
});

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
    /** Counts attempts to sign in. All others wait for the connections of everybody, so that a flood of them keeps nobody from signing in. */
    private readonly hot: Statements = prisma,
  ) {}

  /** Counts one attempt. Beyond the limit the counter stands still, so refused attempts cost and prolong nothing. */
  async take(key: string, { count, window }: ThrottleLimit): Promise<ThrottleVerdict> {
    const now = this.clock.now();
    const values = [iso(now), key, iso(plus(now, window)), count];
    const [row] = await this.prisma.direct.run<[counted: number, ends: number]>(takeStatement, values);
    const [counted, ends] = row!;
    return counted > count ? full(ends, now) : { allowed: true };
  }

  /** Counts one attempt to sign in: in one statement, counter by counter, up to the first that is full; and reads whom it tries. */
  async takeInOrder(
    { familiar, place, network, lane, slowLane }: Counters,
    username: string | null,
  ): Promise<CountedAttempt> {
    const now = this.clock.now();
    const of = ({ limit: { count, window } }: { limit: ThrottleLimit }) => [count, iso(plus(now, window))];
    const values = [
      iso(now),
      familiar,
      familiar[1] ?? null,
      place.keys,
      ...of(place),
      network.key,
      ...of(network),
      lane.keys,
      ...of(lane),
      slowLane.keys,
      ...of(slowLane),
      username,
    ];
    const [row] = await retrying(() => this.hot.run<CountedRow>(admitStatement, values));
    const [how, placeCount, placeEnds, networkCount, networkEnds, laneCount, laneEnds, ...rest] = row!;
    const [slowCount, slowEnds, ...account] = rest;
    const inSlowLane = slowCount !== null;
    const met = [
      { limit: place.limit, count: placeCount, ends: placeEnds },
      { limit: network.limit, count: networkCount, ends: networkEnds },
      inSlowLane
        ? { limit: slowLane.limit, count: slowCount, ends: slowEnds }
        : { limit: lane.limit, count: laneCount, ends: laneEnds },
    ];
    const refusing = met.find(({ count, limit }) => count !== null && count > limit.count);
    return {
      verdict: refusing ? full(refusing.ends ?? now, now) : { allowed: true },
      place: { key: place.keys[Math.max(how, 1) - 1]!, limit: place.limit },
      network,
      lane: { key: lane.keys[how]!, limit: lane.limit },
      slowLane: { key: slowLane.keys[how]!, limit: slowLane.limit },
      inSlowLane,
      found: foundForSignIn(account),
    };
  }

  /**
   * The changes after a right password: the counters of the network and device are cleared, the network's count is taken back, and both
   * are remembered for `window` seconds.
   */
  settlement(
    { place, network, lane, slowLane }: CountedAttempt,
    proved: FoundForSignIn,
    familiar: readonly string[],
    window: Seconds,
  ): Settlement {
    const { id, username } = proved.account;
    return {
      placeKey: place.key,
      networkKey: network.key,
      networkCount: network.limit.count,
      laneKey: lane.key,
      slowLaneKey: slowLane.key,
      familiar,
      familiarUntil: iso(plus(this.clock.now(), window)),
      username,
      accountId: id,
      passwordHash: proved.passwordHash,
    };
  }

  /** Carries out a settlement, unless the account was changed or disabled meanwhile. The account as the statement found it. */
  async settle(settlement: Settlement): Promise<FoundForSignIn | null> {
    const { statement, values } = settleStatement(settlement);
    const [row] = await retrying(() => this.hot.run<SignInRow>(statement, values));
    return foundForSignIn(row);
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

  /** Deletes at most `limit` counters whose window is over and says how many; nodes that prune together do not meet. */
  async prune(limit = 1000): Promise<number> {
    return this.prisma.$executeRaw(Prisma.sql`
      DELETE FROM throttle WHERE key IN (
        SELECT key FROM throttle WHERE window_ends_at <= ${iso(this.clock.now())}::timestamptz
        LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)`);
  }
}
