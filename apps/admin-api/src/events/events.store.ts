import { Prisma, PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { ProblemError } from '@curfew/web';
import { Injectable } from '@nestjs/common';
import { addressWithin } from '../sessions/search-conditions.store.js';

/** A search for events; all given conditions must hold. */
export interface EventSearch {
  readonly types?: readonly string[] | undefined;
  readonly session?: string | undefined;
  readonly account?: string | undefined;
  readonly client?: string | undefined;
  /** An address, or a network in CIDR notation. */
  readonly ip?: string | undefined;
  readonly after?: Instant | undefined;
  readonly before?: Instant | undefined;
}

/** An event with its place in the feed. */
export interface StoredEvent {
  readonly id: string;
  readonly at: Date;
  readonly type: string;
  readonly session_id: string | null;
  readonly account_id: string | null;
  readonly client_id: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly xid: string;
  readonly epoch: number;
}

/** A place in the feed: transactions in the order they began, and events in the order of their ids. */
export interface EventPosition {
  /** Raised by a restore from backup: transactions count differently from then on. */
  readonly epoch: number;
  readonly xid: string;
  readonly id: string;
}

/**
 * The events after a position, and the position up to which the feed was read, which is beyond the last event if later ones did not
 * match.
 */
export interface FeedPage {
  readonly events: readonly StoredEvent[];
  readonly position: EventPosition;
}

const columns = Prisma.sql`id::text AS id, at, type, session_id::text AS session_id, account_id::text AS account_id, client_id, data, xid::text AS xid,
  (SELECT epoch FROM service_state WHERE id = 1) AS epoch`;
/** 410: nothing follows a position of a database that was since restored from a backup. */
const positionLost = (): ProblemError =>
  new ProblemError({
    status: 410,
    code: 'position_lost',
    detail: 'The database was restored from a backup since. Read the history, and follow from now.',
  });

/** A part of the history, latest first. */
export interface HistoryPage {
  readonly events: readonly StoredEvent[];
  /** The event before which the history goes on; null where it was read to its beginning. */
  readonly next: string | null;
}

/** The places at which an event has an address: that of its request, that of a count, and that of its actor. */
const addresses = ['data', "data -> 'signals'", "data -> 'by'"].map(
  (place) => Prisma.sql`session_address(${Prisma.raw(place)})`,
);

const fromAddress = (ip: string): Prisma.Sql =>
  Prisma.sql`(${Prisma.join(
    addresses.map((column) => addressWithin(ip, column)),
    ' OR ',
  )})`;

/** The number of events that one request looks through for an address: no index has them, so that writing an event stays cheap. */
const maxLookedThrough = 20_000;

/** Greater than any id of an event. */
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** The conditions that an index helps with. */
function indexedConditions({ types, session, account, client, after, before }: EventSearch): Prisma.Sql {
  const all = [
    ...(types === undefined || types.length === 0 ? [] : [Prisma.sql`type = ANY(${[...types]}::text[])`]),
    ...(session === undefined ? [] : [Prisma.sql`session_id = ${session}::uuid`]),
    ...(account === undefined ? [] : [Prisma.sql`account_id = ${account}::uuid`]),
    ...(client === undefined ? [] : [Prisma.sql`client_id = ${client}`]),
    ...(after === undefined ? [] : [Prisma.sql`at >= ${new Date(after)}::timestamptz`]),
    ...(before === undefined ? [] : [Prisma.sql`at < ${new Date(before)}::timestamptz`]),
  ];
  return all.length === 0 ? Prisma.sql`true` : Prisma.join(all, ' AND ');
}

const conditionsOf = (search: EventSearch): Prisma.Sql =>
  search.ip === undefined
    ? indexedConditions(search)
    : Prisma.sql`${indexedConditions(search)} AND ${fromAddress(search.ip)}`;

/**
 * Reads the view `any_event`: events, and counts beside them. As history it is ordered by id, which is time; as a feed by transaction, and only below the oldest
 * transaction still running, because transactions commit out of order and a later one must not hide an earlier one.
 */
@Injectable()
export class EventsStore {
  constructor(private readonly prisma: PrismaService) {}

  /** The latest first, before the event `before`. A search for an address may come back with fewer events than there are: `next` goes on. */
  async history(search: EventSearch, before: string | null, limit: number): Promise<HistoryPage> {
    if (search.ip !== undefined) return this.#fromAddress(search, search.ip, before, limit);
    const found = await this.prisma.$queryRaw<StoredEvent[]>`
      SELECT ${columns} FROM any_event
      WHERE ${indexedConditions(search)} AND id < ${before ?? lastId}::uuid ORDER BY id DESC LIMIT ${limit + 1}`;
    const events = found.slice(0, limit);
    return { events, next: found.length > limit ? events.at(-1)!.id : null };
  }

  async #fromAddress(
    search: EventSearch,
    ip: string,
    before: string | null,
    limit: number,
  ): Promise<HistoryPage> {
    type Row = StoredEvent & { readonly reached: string | null; readonly looked: number };
    const rows = await this.prisma.$queryRaw<(Row | (Pick<Row, 'reached' | 'looked'> & { id: null }))[]>`
      WITH looked AS MATERIALIZED (
        SELECT * FROM any_event WHERE ${indexedConditions(search)} AND id < ${before ?? lastId}::uuid
        ORDER BY id DESC LIMIT ${maxLookedThrough}
      ), found AS (SELECT ${columns} FROM looked WHERE ${fromAddress(ip)} ORDER BY looked.id DESC LIMIT ${limit})
      SELECT range.reached, range.looked, found.*
      FROM (SELECT min(id::text) AS reached, count(*)::int AS looked FROM looked) range LEFT JOIN found ON true
      ORDER BY found.id DESC`;
    const events = rows.flatMap((row) => (row.id === null ? [] : [row]));
    const { reached = null, looked = 0 } = rows[0] ?? {};
    if (events.length === limit) return { events, next: events.at(-1)!.id };
    return { events, next: looked === maxLookedThrough ? reached : null };
  }

  /** In the order of the feed, after a position; only what can have no predecessor any more. */
  async feed(search: EventSearch, after: EventPosition, limit: number): Promise<FeedPage> {
    const end = await this.end();
    if (end.epoch !== after.epoch) throw positionLost();
    const events = await this.prisma.$queryRaw<StoredEvent[]>`
      SELECT ${columns} FROM any_event
      WHERE (xid, id) > (${after.xid}::text::xid8, ${after.id}::uuid) AND xid < pg_snapshot_xmin(pg_current_snapshot())
        AND era = (SELECT era FROM service_state WHERE id = 1)
        AND ${conditionsOf(search)}
      ORDER BY any_event.xid, any_event.id LIMIT ${limit}`;
    return { events, position: reached(after, events, end, limit) };
  }

  /** The present end of the feed. */
  async end(): Promise<EventPosition> {
    const rows = await this.prisma.$queryRaw<{ xid: string; epoch: number }[]>`
      SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid, epoch FROM service_state WHERE id = 1`;
    return { ...rows[0]!, id: '00000000-0000-0000-0000-000000000000' };
  }
}

/** Everything before `end` was looked at, unless the page was full. */
function reached(
  after: EventPosition,
  events: readonly StoredEvent[],
  end: EventPosition,
  limit: number,
): EventPosition {
  const last = events.at(-1) ?? after;
  return events.length < limit && BigInt(end.xid) > BigInt(last.xid) ? end : last;
}
