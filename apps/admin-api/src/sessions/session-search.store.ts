import { Prisma, PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import {
  type FoundRow,
  foundColumns,
  lastEndOfEveryone,
  readFound,
  unsettledEntry,
} from '@curfew/sessions/statements';
import { type FoundSession } from '@curfew/sessions/store';
import { Injectable } from '@nestjs/common';
import type { SessionOrder, SessionPosition, SessionSearch } from './search.js';
import {
  addressWithin,
  authorizedBetween,
  conditionsOf,
  endedBetween,
  userAgentPattern,
} from './search-conditions.store.js';

type Sql = Prisma.Sql;

/** A found session and what an operator may see beside what decisions need. */
export interface FoundForOperator extends FoundSession {
  readonly endDetail: Readonly<Record<string, unknown>> | null;
}

/** One page; `next` is where it goes on, also where the search stopped before the page was full. */
export interface FoundPage {
  readonly found: readonly FoundForOperator[];
  readonly next: SessionPosition | null;
}

/** How a search walks: an ordered source, and the column of its order; null where that is the id alone. */
interface Walk {
  /** Each is one range of one index, in the order of the walk. */
  readonly sources: readonly Sql[];
  readonly column: 'ended_at' | null;
  readonly descending: boolean;
}

/** Rows looked at in one statement; then the time is looked at. */
const scanned = 4_000;
/** So few are sorted as they come; more are walked in order. */
const sortable = 4_000;
/** A search answers with what it has by then, and where to go on. Milliseconds. */
const patience = 120;
const maxSources = 60;
/** The most sessions of one browser that are shown. */
const maxOfBrowser = 200;

/**
 * Searches sessions without ever reading them all. The conditions decide which index is walked in order; conditions without an index
 * are checked on the way, and the walk stops after a bounded time with the position it has reached.
 */
@Injectable()
export class SessionSearchStore {
  constructor(private readonly prisma: PrismaService) {}

  /** One session with what an operator may see of it. */
  async find(id: string): Promise<FoundForOperator | undefined> {
    const rows = await this.rows(Prisma.sql`SELECT s.* FROM session s WHERE s.id = ${id}::uuid`);
    return rows[0];
  }

  /** The sessions of a browser session of this account, the latest first. */
  async ofBrowser(uid: string, accountId: string): Promise<readonly FoundForOperator[]> {
    return this.rows(
      Prisma.sql`SELECT s.* FROM session s WHERE s.browser_session_uid = ${uid} AND s.account_id = ${accountId}::uuid
        ORDER BY s.id DESC LIMIT ${maxOfBrowser}`,
    );
  }

  /** One page of what is looked for. */
  async page(
    search: SessionSearch,
    order: SessionOrder,
    after: SessionPosition | null,
    limit: number,
    now: Instant,
  ): Promise<FoundPage> {
    const everyoneAt = await this.everyoneAt();
    const bounded = liveSince(search, everyoneAt);
    const walk = await this.walkFor(bounded, order, now);
    const conditions = conditionsOf(bounded, now, everyoneAt);
    const begun = performance.now();
    const found: FoundForOperator[] = [];
    for (let position = after; ; ) {
      const source = sourceOf(walk, position, 'rows');
      const wanted = limit + 1 - found.length;
      const ordered = orderOf(walk);
      const rows = await this.rows(
        Prisma.sql`SELECT s.* FROM (${source}) s WHERE ${conditions} ${ordered} LIMIT ${wanted}`,
      );
      found.push(...rows);
      if (found.length > limit) {
        const page = found.slice(0, limit);
        return { found: page, next: positionOf(page.at(-1)!, walk) };
      }
      position = await this.lastScanned(walk, position);
      if (position === null || performance.now() - begun > patience) return { found, next: position };
    }
  }

  /** How many sessions meet the search, by client; reads them all. */
  async countByClient(
    search: SessionSearch,
    now: Instant,
  ): Promise<readonly { readonly clientId: string; readonly count: number }[]> {
    const everyoneAt = await this.everyoneAt();
    const conditions = conditionsOf(search, now, everyoneAt);
    const rows = await this.prisma.$queryRaw<{ client_id: string; count: number }[]>`
      SELECT s.client_id, count(*)::int AS count FROM session s WHERE ${conditions} GROUP BY s.client_id
      ORDER BY count(*) DESC, s.client_id LIMIT 1000`;
    return rows.map((row) => ({ clientId: row.client_id, count: row.count }));
  }

  private async everyoneAt(): Promise<Date | null> {
    const rows = await this.prisma.$queryRaw<{ at: Date }[]>(lastEndOfEveryone);
    return rows[0]?.at ?? null;
  }

  private async rows(selected: Sql): Promise<FoundForOperator[]> {
    const rows = await this.prisma.$queryRaw<(FoundRow & { end_detail: Record<string, unknown> | null })[]>`
      SELECT ${Prisma.raw(foundColumns)}, false AS token_revoked, s.end_detail
      FROM (${selected}) s`;
    return rows.map((row) => ({ ...readFound(row), endDetail: row.end_detail }));
  }

  /** The end of what one statement has looked at, or null where that was all there is. */
  private async lastScanned(walk: Walk, after: SessionPosition | null): Promise<SessionPosition | null> {
    const source = sourceOf(walk, after, 'key');
    const rows = await this.prisma.$queryRaw<{ id: string; at: Date }[]>`
      SELECT s.id::text AS id, s.at FROM (${source}) s OFFSET ${stepOf(walk) - 1} LIMIT 1`;
    return rows[0] ? { id: rows[0].id, at: rows[0].at.getTime() } : null;
  }

  private async walkFor(search: SessionSearch, order: SessionOrder, now: Instant): Promise<Walk> {
    const descending = order.startsWith('-');
    if (order.endsWith('ended_at'))
      return {
        sources: [both([Prisma.sql`s.ended_at IS NOT NULL`, ...endedBetween(search)])],
        column: 'ended_at',
        descending,
      };
    const few = await this.fewOf(search);
    if (few) return { sources: [Prisma.sql`s.id = ANY(${few}::uuid[])`], column: null, descending };
    const sources = await this.equalities(search, now);
    if (sources) return { sources, column: null, descending };
    return { sources: [both(authorizedBetween(search))], column: null, descending };
  }

  /** Ranges of one index whose entries stand in the order of ids, or null where no condition has one. */
  private async equalities(search: SessionSearch, now: Instant): Promise<readonly Sql[] | null> {
    const { account, ip, client, reason, userAgent, policy, state } = search;
    if (account !== undefined) return [Prisma.sql`s.account_id = ${account}::uuid`];
    if (ip !== undefined && !ip.includes('/')) return [addressWithin(ip)];
    if (client !== undefined) return [Prisma.sql`s.client_id = ${client}`];
    if (reason !== undefined) return [Prisma.sql`s.ended_at IS NOT NULL AND s.end_reason = ${reason}`];
    if (userAgent !== undefined) return this.agentsLike(userAgent);
    if (policy && !policy.everyone && policy.resources.length === 0 && policy.clients.length <= maxSources)
      return policy.clients.length === 0
        ? [Prisma.sql`false`]
        : policy.clients.map((id) => Prisma.sql`s.client_id = ${id}`);
    if (state === 'ended') return this.endedSources(now);
    return null;
  }

  /** Recorded ends, and those that are due: found by the sweeper's own column, as the sweeper will find them. */
  private async endedSources(now: Instant): Promise<readonly Sql[] | null> {
    // While a mass end is being settled most of what it ended has no record yet, so everything is looked at.
    const unsettled = await this.prisma.$queryRaw<unknown[]>(unsettledEntry);
    if (unsettled.length > 0) return null;
    const due = await this.prisma.$queryRaw<{ id: string }[]>`
      SELECT id::text AS id FROM session WHERE check_after <= ${new Date(now)} AND ended_at IS NULL LIMIT ${sortable + 1}`;
    if (due.length > sortable) return null;
    const recorded = Prisma.sql`s.ended_at IS NOT NULL`;
    return due.length === 0
      ? [recorded]
      : [recorded, Prisma.sql`s.id = ANY(${due.map(({ id }) => id)}::uuid[])`];
  }

  /** Families and systems are few: the matching ones are found by leaping through the index. */
  private async agentsLike(text: string): Promise<readonly Sql[] | null> {
    const rows = await this.prisma.$queryRaw<{ agent: string }[]>`
      WITH RECURSIVE agents AS (
        (SELECT session_user_agent(baseline) AS agent FROM session ORDER BY session_user_agent(baseline) LIMIT 1)
        UNION ALL
        SELECT (SELECT session_user_agent(baseline) FROM session WHERE session_user_agent(baseline) > agents.agent
                ORDER BY session_user_agent(baseline) LIMIT 1)
          FROM agents WHERE agents.agent IS NOT NULL
      ) SELECT agent FROM agents WHERE agent LIKE ${userAgentPattern(text)} LIMIT ${maxSources + 1}`;
    if (rows.length > maxSources) return null;
    if (rows.length === 0) return [Prisma.sql`false`];
    return rows.map(({ agent }) => Prisma.sql`session_user_agent(s.baseline) = ${agent}`);
  }

  /** Ids within the range conditions of the search, where they are few enough to be sorted. */
  private async fewOf(search: SessionSearch): Promise<readonly string[] | null> {
    const { account, ip } = search;
    if (account !== undefined) return null;
    const ranges = [
      ...(ip?.includes('/') ? [addressWithin(ip)] : []),
      ...[authorizedBetween(search), endedBetween(search)].filter((bounds) => bounds.length > 0).map(both),
    ];
    for (const range of ranges) {
      const rows = await this.prisma.$queryRaw<{ id: string }[]>`
        SELECT s.id::text AS id FROM session s WHERE ${range} LIMIT ${sortable + 1}`;
      if (rows.length <= sortable) return rows.map(({ id }) => id);
    }
    return null;
  }
}

const both = (conditions: readonly Sql[]): Sql =>
  conditions.length === 0 ? Prisma.sql`true` : Prisma.join([...conditions], ' AND ');

/** A live session began after the last end of everyone. */
function liveSince(search: SessionSearch, everyoneAt: Date | null): SessionSearch {
  if (search.state !== 'live' || everyoneAt === null) return search;
  const since = Math.max(everyoneAt.getTime(), search.startedAfter ?? 0) as Instant;
  return { ...search, startedAfter: since };
}

function orderOf(walk: Walk): Sql {
  const direction = walk.descending ? Prisma.sql`DESC` : Prisma.sql`ASC`;
  return walk.column === null
    ? Prisma.sql`ORDER BY s.id ${direction}`
    : Prisma.sql`ORDER BY s.ended_at ${direction}, s.id ${direction}`;
}

/** The number of rows one statement of the walk reads: fewer of each source if there are many sources. */
const stepOf = ({ sources }: Walk): number => Math.max(100, Math.floor(scanned / sources.length));

/** The next step of the walk: its rows, or only their keys. */
function sourceOf(walk: Walk, after: SessionPosition | null, what: 'rows' | 'key'): Sql {
  const beyond = walk.descending ? Prisma.sql`<` : Prisma.sql`>`;
  const position =
    after === null
      ? Prisma.sql`true`
      : walk.column === null
        ? Prisma.sql`s.id ${beyond} ${after.id}::uuid`
        : Prisma.sql`(s.ended_at, s.id) ${beyond} (${new Date(after.at)}::timestamptz, ${after.id}::uuid)`;
  const selected =
    what === 'rows'
      ? Prisma.sql`s.*`
      : Prisma.sql`s.id, s.ended_at, ${walk.column === null ? Prisma.sql`s.started_at` : Prisma.sql`s.ended_at`} AS at`;
  const most = stepOf(walk);
  // The first of all sources are among the first of each.
  const parts = walk.sources.map(
    (source) =>
      Prisma.sql`(SELECT ${selected} FROM session s WHERE ${source} AND ${position} ${orderOf(walk)} LIMIT ${most})`,
  );
  if (parts.length === 1) return parts[0]!;
  return Prisma.sql`SELECT * FROM (${Prisma.join(parts, ' UNION ALL ')}) s ${orderOf(walk)} LIMIT ${most}`;
}

// A list in the order of ids may go on in the order of ends, so the moment is kept too.
const positionOf = ({ session }: FoundForOperator, { column }: Walk): SessionPosition => ({
  id: session.id,
  at: column === 'ended_at' ? (session.ended?.at ?? session.startedAt) : session.startedAt,
});
