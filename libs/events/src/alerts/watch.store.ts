import type { HotStatement, PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { StoredEvent } from '../delivery/delivery.js';
import { insertEvents, type NewEvent } from '../event-log.js';
import { NewsStore } from '../news.store.js';

/** The channel on which nodes are told that an alert holds networks back. */
export const alertsChannel = 'curfew_alerts';

/** A place among the events. */
export interface EventPlace {
  readonly xid: string;
  readonly eventId: string;
}

/** An event with its place. */
export type PlacedEvent = StoredEvent & { readonly place: EventPlace };

/** The number of the newest alerts that are searched for networks to hold back. */
const maxAlerts = 2_000;

const holdStatement: HotStatement = {
  name: 'watch_hold',
  // A watch that a failover gives to another node is taken up again, so the guard need not mark it.
  place: 'noted by its caller',
  text: `
    UPDATE delivery_cursor c SET holder = $1::uuid, held_until = to_timestamp($2::float8 / 1000), epoch = s.epoch,
      -- Places of another database mean nothing.
      xid = CASE WHEN c.epoch = s.epoch THEN c.xid ELSE pg_snapshot_xmin(pg_current_snapshot()) END
    FROM service_state s
    WHERE c.name = 'watch' AND (c.holder = $1::uuid OR c.held_until IS NULL OR c.held_until <= to_timestamp($3::float8 / 1000))
    RETURNING c.xid::text, c.event_id::text`,
};

const eventColumns = `e.xid::text AS xid, e.id::text AS id, e.at, e.type, e.session_id::text AS session_id, e.account_id::text AS account_id,
  e.client_id, e.data`;

const afterStatement: HotStatement = {
  name: 'watch_after',
  text: `
    SELECT ${eventColumns} FROM any_event e
    WHERE (e.xid, e.id) > ($1::text::xid8, $2::uuid) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
      AND e.era = (SELECT era FROM service_state WHERE id = 1)
    ORDER BY e.xid, e.id LIMIT $3::int`,
};

const latelyStatement: HotStatement = {
  name: 'watch_lately',
  text: `
    SELECT ${eventColumns} FROM any_event e
    WHERE e.at >= to_timestamp($1::float8 / 1000) AND (e.xid, e.id) <= ($2::text::xid8, $3::uuid)
      AND e.era = (SELECT era FROM service_state WHERE id = 1)
    ORDER BY e.at DESC LIMIT $4::int`,
};

type EventRow = [
  xid: string,
  id: string,
  at: Date,
  type: string,
  sessionId: string | null,
  accountId: string | null,
  clientId: string | null,
  data: Record<string, unknown>,
];

/** The reads and the memory of the one node that watches. */
export class WatchStore {
  constructor(
    private readonly prisma: PrismaService,
    private readonly news = new NewsStore(prisma),
  ) {}

  /** The node that holds the watch beyond `heldUntil`, and whether there are events that it has not seen. */
  async look(
    now: Instant,
    heldUntil: Instant,
  ): Promise<{ readonly holder: string | null; readonly isNews: boolean }> {
    const found = await this.news.look('watch', { now, heldUntil });
    if (!found) return { holder: null, isNews: true };
    return { holder: found.isForeign ? null : found.holder, isNews: found.isNews };
  }

  /** Takes or keeps the watch until `until`; returns its position, or null while another node has it. */
  async hold(node: string, now: Instant, until: Instant): Promise<EventPlace | null> {
    const values = [node, until, now];
    const [row] = await this.prisma.direct.run<[xid: string, eventId: string]>(holdStatement, values);
    return row ? { xid: row[0], eventId: row[1] } : null;
  }

  /** Lets another node watch at once. */
  async release(node: string): Promise<void> {
    await this.prisma
      .$executeRaw`UPDATE delivery_cursor SET held_until = NULL WHERE name = 'watch' AND holder = ${node}::uuid`;
  }

  /** Events after a place, in their order, of transactions that nothing can appear before any more. */
  async after(place: EventPlace, most: number): Promise<PlacedEvent[]> {
    const rows = await this.prisma.direct.run<EventRow>(afterStatement, [place.xid, place.eventId, most]);
    return rows.map(placed);
  }

  /** The newest events up to a place that are not older than `since`, oldest first. */
  async lately(upTo: EventPlace, since: Instant, most: number): Promise<PlacedEvent[]> {
    const values = [since, upTo.xid, upTo.eventId, most];
    const rows = await this.prisma.direct.run<EventRow>(latelyStatement, values);
    return rows.map(placed).reverse();
  }

  /**
   * Records an alert and does what it brings, in one commit; says whether it was not there yet. One that was is left as it is, and
   * nothing is done about it a second time.
   */
  async raise(alert: NewEvent, along?: (transaction: Transaction) => Promise<void>): Promise<boolean> {
    return this.prisma.$transaction(async (transaction) => {
      const added = await transaction.$queryRaw<unknown[]>`${insertEvents([alert])} RETURNING 1`;
      if (added.length === 0) return false;
      await transaction.$executeRaw`SELECT pg_notify(${alertsChannel}, '')`;
      await along?.(transaction);
      return true;
    });
  }

  /** Networks that recent alerts hold back, each with the latest instant until which it is; newest alerts first, so many at most. */
  async throttled(now: Instant, most: number): Promise<readonly (readonly [string, Instant])[]> {
    const rows = await this.prisma.$queryRaw<{ network: string; until: number }[]>`
      SELECT network, (max(a.until))::float8 AS until FROM (
        SELECT data -> 'throttled' -> 'networks' AS networks, (data -> 'throttled' ->> 'until')::float8 AS until FROM event
        WHERE type = 'alert.raised' ORDER BY id DESC LIMIT ${maxAlerts}
      ) a, jsonb_array_elements_text(a.networks) AS network
      WHERE a.until > ${now}::float8 GROUP BY network ORDER BY until DESC LIMIT ${most}`;
    return rows.map(({ network, until }) => [network, instant(until)] as const);
  }

  /** Remembers how far the node has come; says whether it still has the watch. */
  async reached(node: string, { xid, eventId }: EventPlace): Promise<boolean> {
    const changed = await this.prisma.$queryRaw<unknown[]>`
      UPDATE delivery_cursor SET xid = ${xid}::text::xid8, event_id = ${eventId}::uuid WHERE name = 'watch' AND holder = ${node}::uuid
      RETURNING 1`;
    return changed.length === 1;
  }
}

const placed = ([xid, id, at, type, sessionId, accountId, clientId, data]: EventRow): PlacedEvent => ({
  id,
  at: instant(at.getTime()),
  type,
  sessionId,
  accountId,
  clientId,
  data,
  place: { xid, eventId: id },
});
