import { Prisma, PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { browserStands, lastEndOfEveryone, notCoveredBeside, rowStands } from '@curfew/sessions/statements';
import { Injectable } from '@nestjs/common';
import type { SessionSearch } from './search.js';
import { conditionsOf } from './search-conditions.store.js';

/** How much an end would take along: other sessions of the same browsers, and those browsers. */
export interface ReachCount {
  readonly along: number;
  readonly browsers: number;
}

/** Counts what an end would reach beyond what it names, without ending anything. */
@Injectable()
export class ReachCountStore {
  constructor(private readonly prisma: PrismaService) {}

  /** Counts the reach of ending the sessions that match a search, one by one, with the browsers that they came of. */
  async ofSearch(search: SessionSearch, now: Instant): Promise<ReachCount> {
    const everyone = await this.prisma.$queryRaw<{ at: Date }[]>(lastEndOfEveryone);
    const everyoneAt = everyone[0]?.at ?? null;
    const named = conditionsOf(search, now, everyoneAt);
    const [counted] = await this.prisma.$queryRaw<ReachCount[]>`
      WITH named AS MATERIALIZED (SELECT s.id, s.browser_session_uid, s.account_id FROM session s WHERE ${named}),
        came AS MATERIALIZED (SELECT DISTINCT browser_session_uid AS uid, account_id FROM named WHERE browser_session_uid IS NOT NULL)
      SELECT
        (SELECT count(*)::int FROM came JOIN session s ON s.browser_session_uid = came.uid AND s.account_id = came.account_id
          WHERE ${rowStands(now, notCoveredBeside(everyoneAt))} AND s.id NOT IN (SELECT id FROM named)) AS along,
        (SELECT count(*)::int FROM came JOIN browser_session b ON b.uid = came.uid WHERE ${live(now)}) AS browsers`;
    return counted!;
  }

  /** Counts all browsers of an account. */
  async ofAccount(accountId: string, now: Instant): Promise<ReachCount> {
    const [counted] = await this.prisma.$queryRaw<ReachCount[]>`
      SELECT 0 AS along, count(*)::int AS browsers FROM browser_session b WHERE b.account_id = ${accountId}::uuid AND ${live(now)}`;
    return counted!;
  }

  /** Counts all browsers. */
  async ofEveryone(now: Instant): Promise<ReachCount> {
    const [counted] = await this.prisma.$queryRaw<ReachCount[]>`
      SELECT 0 AS along, count(*)::int AS browsers FROM browser_session b WHERE b.account_id IS NOT NULL AND ${live(now)}`;
    return counted!;
  }
}

/** By what the row itself knows: the deadlines that are written there, and the mass ends. */
const live = (now: Instant): Prisma.Sql => Prisma.sql`
  ${Prisma.raw(browserStands)} AND b.signed_in_at IS NOT NULL AND b.expires_at > ${new Date(now)}`;
