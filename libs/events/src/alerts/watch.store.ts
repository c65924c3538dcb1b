import type { PrismaService, Transaction } from '@curfew/persistence';
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

/** So many of the newest alerts are looked at for what they hold back. */
const mostAlerts = 2_000;

interface EventRow {
  xid: string;
  id: string;
  at: Date;
  type: string;
  session_id: string | null;
  account_id: string | null;
  client_id: string | null;
  data: Record<string, unknown>;
}

/** What the one node that watches reads and remembers. */
export class WatchStore {
  constructor(
    private readonly prisma: PrismaService,
    private readonly news = new NewsStore(prisma),
  ) {}

  /** Who holds the watch beyond `heldUntil`, and whether there are events that they have not seen. */
  async look(
    now: Instant,
    heldUntil: Instant,
  ): Promise<{ readonly holder: string | null; readonly isNews: boolean }> {
    const found = await this.news.look('watch', { now, heldUntil });
    if (!found) return { holder: null, isNews: true };
    return { holder: found.isForeign ? null : found.holder, isNews: found.isNews };
  }

  /** Takes or keeps the watch until `until`; where it stands, or null while another node has it. */
  async hold(node: string, now: Instant, until: Instant): Promise<EventPlace | null> {
    const rows = await this.prisma.$queryRaw<{ xid: string; event_id: string }[]>`
      UPDATE delivery_cursor c SET holder = ${node}::uuid, held_until = ${new Date(until)}, epoch = s.epoch,
        -- Places of another database mean nothing.
        xid = CASE WHEN c.epoch = s.epoch THEN c.xid ELSE pg_snapshot_xmin(pg_current_snapshot()) END
      FROM service_state s
      WHERE c.name = 'watch' AND (c.holder = ${node}::uuid OR c.held_until IS NULL OR c.held_until <= ${new Date(now)})
      RETURNING c.xid::text AS xid, c.event_id::text AS event_id`;
    const row = rows[0];
    return row ? { xid: row.xid, eventId: row.event_id } : null;
  }

  /** Lets another node watch at once. */
  async release(node: string): Promise<void> {
    await this.prisma
      .$executeRaw`UPDATE delivery_cursor SET held_until = NULL WHERE name = 'watch' AND holder = ${node}::uuid`;
  }

  /** Events after a place, in their order, of transactions that nothing can appear before any more. */
  async after(place: EventPlace, most: number): Promise<PlacedEvent[]> {
    const rows = await this.prisma.$queryRaw<EventRow[]>`
      SELECT xid::text AS xid, id::text AS id, at, type, session_id::text AS session_id, account_id::text AS account_id, client_id, data FROM any_event e
      WHERE (e.xid, e.id) > (${place.xid}::text::xid8, ${place.eventId}::uuid) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
        AND e.era = (SELECT era FROM service_state WHERE id = 1)
      ORDER BY e.xid, e.id LIMIT ${most}`;
    return rows.map(placed);
  }

  /** The newest events up to a place that are not older than `since`, oldest first. */
  async lately(upTo: EventPlace, since: Instant, most: number): Promise<PlacedEvent[]> {
    const rows = await this.prisma.$queryRaw<EventRow[]>`
      SELECT xid::text AS xid, id::text AS id, at, type, session_id::text AS session_id, account_id::text AS account_id, client_id, data FROM any_event e
      WHERE e.at >= ${new Date(since)} AND (e.xid, e.id) <= (${upTo.xid}::text::xid8, ${upTo.eventId}::uuid)
        AND e.era = (SELECT era FROM service_state WHERE id = 1)
      ORDER BY e.at DESC LIMIT ${most}`;
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
        WHERE type = 'alert.raised' ORDER BY id DESC LIMIT ${mostAlerts}
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

const placed = (row: EventRow): PlacedEvent => ({
  id: row.id,
  at: instant(row.at.getTime()),
  type: row.type,
  sessionId: row.session_id,
  accountId: row.account_id,
  clientId: row.client_id,
  data: row.data,
  place: { xid: row.xid, eventId: row.id },
});
