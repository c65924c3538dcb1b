import type { PrismaService } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import { insertEvents, type NewEvent } from '../event-log.js';
import { NewsStore } from '../news.store.js';
import type { ReceiverKind, TakenDelivery } from './delivery.js';

interface CursorRow {
  xid: string;
  event_id: string;
  epoch: number;
}

interface TakenRow {
  id: string;
  attempt: number;
  receiver_id: string;
  kind: ReceiverKind;
  address: string | null;
  receiver_client_id: string | null;
  secrets: Uint8Array[];
  settings: Record<string, unknown>;
  event_id: string;
  at: Date;
  type: string;
  session_id: string | null;
  account_id: string | null;
  client_id: string | null;
  data: Record<string, unknown>;
}

/** The deliveries that a node may take, and how many. */
export interface Take {
  readonly now: Instant;
  /** When an attempt that nobody reported about is taken for lost. */
  readonly lostAt: Instant;
  readonly most: number;
  /** The maximum for one receiver, so that one that hangs does not hold everybody up. */
  readonly maxPerReceiver: number;
  /** Receivers that have enough under way on this node. */
  readonly except: readonly string[];
}

/** How much waits, and since when. */
export interface OutboxDepth {
  readonly kind: ReceiverKind;
  readonly waiting: number;
  readonly dead: number;
  /** Milliseconds since the oldest event that is not delivered yet. */
  readonly oldestMs: number;
}

const date = (at: Instant): Date => new Date(at);

/** The outbox in PostgreSQL: the events and counts are its content, a cursor says how far it has been handed on. */
export class DeliveryStore {
  constructor(
    private readonly prisma: PrismaService,
    /** The audience of the admin API. */
    private readonly adminAudience: string,
    private readonly news = new NewsStore(prisma),
  ) {}

  /** Whether there is anything to hand on or to take, as `handOn` and `take` see it. */
  async look(now: Instant): Promise<{ readonly events: boolean; readonly due: boolean }> {
    const found = await this.news.look('outbox', { now, heldUntil: now });
    return found
      ? { events: found.isForeign || found.isNews, due: found.isDue }
      : { events: true, due: true };
  }

  /**
   * Makes deliveries of the next events, and says how many events it saw. One node at a time does it, so deliveries are numbered in
   * the order of the events; the others go away at once. An event is seen when no older transaction is running any more: then
   * nothing can appear before it.
   */
  async handOn(now: Instant, most: number): Promise<number> {
    return this.prisma.$transaction(async (transaction) => {
      const [cursor] = await transaction.$queryRaw<CursorRow[]>`
        SELECT c.xid::text AS xid, c.event_id::text AS event_id, c.epoch FROM delivery_cursor c WHERE c.name = 'outbox' FOR UPDATE SKIP LOCKED`;
      if (!cursor) return 0;
      const [moved] = await transaction.$queryRaw<{ seen: number }[]>`
        WITH place AS MATERIALIZED (
          SELECT s.epoch, s.era, CASE WHEN s.epoch = ${cursor.epoch} THEN ${cursor.xid}::text::xid8
            -- Another database, or this one from a backup: the event of its restoration is the first that counts.
            ELSE COALESCE((SELECT e.xid FROM event e WHERE e.type = 'service.restored' AND e.data ->> 'epoch' = s.epoch::text ORDER BY e.id DESC LIMIT 1),
              pg_snapshot_xmin(pg_current_snapshot())) END AS xid,
            CASE WHEN s.epoch = ${cursor.epoch} THEN ${cursor.event_id}::uuid ELSE '00000000-0000-0000-0000-000000000000'::uuid END AS event_id
          FROM service_state s
        ), next AS MATERIALIZED (
          SELECT e.xid, e.id, e.at, e.type, e.session_id, e.account_id, e.client_id, e.data FROM any_event e
          WHERE (e.xid, e.id) > ((SELECT xid FROM place), (SELECT event_id FROM place)) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
            AND e.era = (SELECT era FROM place)
          ORDER BY e.xid, e.id LIMIT ${most}
        ), handed AS (
          INSERT INTO delivery (receiver_id, event_id, event_at, session_id, next_attempt_at, created_at)
          SELECT r.id, n.id, n.at, n.session_id, ${date(now)}, ${date(now)} FROM next n JOIN delivery_receiver r ON r.status <> 'disabled'
            -- A receiver is told of what was not committed yet when it was registered (ADR 58).
            AND (r.since IS NULL OR NOT pg_visible_in_snapshot(n.xid, r.since))
            AND (cardinality(r.event_types) = 0 OR n.type = ANY(r.event_types))
            AND (r.client_id IS NULL OR r.client_id = n.client_id)
            -- A stream is told of sessions that had the audience of its client; and of everybody if its client may read events.
            AND (r.kind NOT IN ('set_push', 'set_poll') OR EXISTS (
              SELECT 1 FROM client c WHERE c.id = r.settings ->> 'aud' AND c.disabled_at IS NULL AND (
                (c.metadata -> 'resources' @> to_jsonb(${this.adminAudience}::text)
                  AND (c.metadata ->> 'scope' IS NULL OR 'events:read' = ANY(string_to_array(c.metadata ->> 'scope', ' '))))
                OR EXISTS (SELECT 1 FROM session s WHERE c.resource = ANY(s.resources)
                  AND (s.id = n.session_id OR (n.session_id IS NULL AND s.account_id = n.account_id))))))
            -- A receiver that fails is not told so.
            AND NOT (n.type = 'delivery.failed' AND n.data ->> 'endpoint' = r.id)
          ORDER BY n.xid, n.id
          ON CONFLICT (receiver_id, event_id) DO NOTHING
        ), last AS (SELECT xid, id FROM next ORDER BY xid DESC, id DESC LIMIT 1)
        UPDATE delivery_cursor c SET xid = COALESCE((SELECT xid FROM last), p.xid), event_id = COALESCE((SELECT id FROM last), p.event_id), epoch = p.epoch
        FROM place p WHERE c.name = 'outbox' AND (EXISTS (SELECT 1 FROM last) OR c.epoch <> p.epoch) RETURNING (SELECT count(*)::int FROM next) AS seen`;
      return moved?.seen ?? 0;
    });
  }

  /**
   * Takes deliveries that are due, each for this node alone until `lostAt`. Only the oldest of one session and receiver is ever taken, so
   * the events of a session arrive in their order; a dead letter holds up nothing.
   */
  async take({ now, lostAt, most, maxPerReceiver, except }: Take): Promise<TakenDelivery[]> {
    const rows = await this.prisma.$queryRaw<TakenRow[]>`
      WITH picked AS MATERIALIZED (
        SELECT p.id FROM delivery_receiver r CROSS JOIN LATERAL (
          SELECT d.id FROM delivery d
          WHERE d.receiver_id = r.id AND d.dead_at IS NULL AND d.next_attempt_at <= ${date(now)} AND NOT EXISTS (
            SELECT 1 FROM delivery b WHERE b.receiver_id = d.receiver_id AND b.session_id = d.session_id AND b.id < d.id AND b.dead_at IS NULL)
          ORDER BY d.next_attempt_at, d.id LIMIT ${maxPerReceiver} FOR UPDATE OF d SKIP LOCKED) p
        WHERE r.status = 'enabled' AND r.kind <> 'set_poll' AND r.id <> ALL(${[...except]}::text[])
        LIMIT ${most}
      )
      UPDATE delivery d SET attempts = d.attempts + 1, next_attempt_at = ${date(lostAt)}
      FROM picked, delivery_receiver r, any_event e
      WHERE d.id = picked.id AND r.id = d.receiver_id AND e.id = d.event_id
      RETURNING d.id::text AS id, d.attempts AS attempt, r.id AS receiver_id, r.kind, r.address, r.client_id AS receiver_client_id, r.secrets, r.settings,
        e.id::text AS event_id, e.at, e.type, e.session_id::text AS session_id, e.account_id::text AS account_id, e.client_id, e.data`;
    return rows.map(takenOf).sort((a, b) => Number(BigInt(a.id) - BigInt(b.id)));
  }

  /** The receiver has it. Nothing is kept. */
  async delivered({ id }: TakenDelivery): Promise<void> {
    await this.prisma.$executeRaw`DELETE FROM delivery WHERE id = ${id}::text::bigint`;
  }

  /** The attempt failed and there will be another one; another node may have taken it meanwhile, which then decides. */
  async failed({ id, attempt }: TakenDelivery, cause: string, again: Instant): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE delivery SET next_attempt_at = ${date(again)}, last_cause = ${cause} WHERE id = ${id}::text::bigint AND attempts = ${attempt}`;
  }

  /** The last attempt failed: the delivery becomes a dead letter, and `events` tell of it in the same transaction. */
  async died(
    { id, attempt }: TakenDelivery,
    cause: string,
    now: Instant,
    events: readonly NewEvent[],
  ): Promise<void> {
    await this.prisma.$executeRaw`
      WITH dead AS (UPDATE delivery SET dead_at = ${date(now)}, last_cause = ${cause}
        WHERE id = ${id}::text::bigint AND attempts = ${attempt} AND dead_at IS NULL RETURNING 1)
      ${insertEvents(events, 'WHERE EXISTS (SELECT 1 FROM dead)')}`;
  }

  /** How much waits for each kind of receiver. */
  async depth(now: Instant): Promise<OutboxDepth[]> {
    const rows = await this.prisma.$queryRaw<
      { kind: ReceiverKind; waiting: number; dead: number; oldest: Date | null }[]
    >`
      SELECT r.kind, count(*) FILTER (WHERE d.dead_at IS NULL)::int AS waiting, count(*) FILTER (WHERE d.dead_at IS NOT NULL)::int AS dead,
        min(d.event_at) FILTER (WHERE d.dead_at IS NULL) AS oldest
      FROM delivery d JOIN delivery_receiver r ON r.id = d.receiver_id GROUP BY r.kind`;
    return rows.map(({ kind, waiting, dead, oldest }) => ({
      kind,
      waiting,
      dead,
      oldestMs: oldest ? Math.max(0, now - oldest.getTime()) : 0,
    }));
  }

  /** Milliseconds since the oldest event that has not been handed on yet; 0 when all have. */
  async lag(now: Instant): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ at: Date }[]>`
      SELECT e.at FROM any_event e, delivery_cursor c WHERE c.name = 'outbox' AND (e.xid, e.id) > (c.xid, c.event_id)
        AND e.era = (SELECT era FROM service_state WHERE id = 1) ORDER BY e.xid, e.id LIMIT 1`;
    return row ? Math.max(0, now - row.at.getTime()) : 0;
  }

  /** Removes dead letters that are older, deliveries whose event is gone, and logout addresses of clients that are. */
  async prune(before: Instant, most: number): Promise<number> {
    const removed = await this.prisma.$executeRaw`
      DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE event_at < ${date(before)} LIMIT ${most})`;
    await this.prisma.$executeRaw`
      DELETE FROM delivery_receiver r WHERE r.kind = 'logout' AND NOT EXISTS (SELECT 1 FROM client c WHERE c.id = r.client_id)
        AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.receiver_id = r.id)
        AND NOT EXISTS (SELECT 1 FROM any_event e, delivery_cursor c WHERE e.client_id = r.client_id AND (e.xid, e.id) > (c.xid, c.event_id)
          AND e.era = (SELECT era FROM service_state WHERE id = 1))
        AND NOT EXISTS (SELECT 1 FROM session s WHERE s.client_id = r.client_id AND s.ended_at IS NULL)`;
    return removed;
  }
}

const takenOf = (row: TakenRow): TakenDelivery => ({
  id: row.id,
  attempt: row.attempt,
  target: {
    id: row.receiver_id,
    kind: row.kind,
    address: row.address,
    clientId: row.receiver_client_id,
    secrets: row.secrets,
    settings: row.settings,
  },
  event: {
    id: row.event_id,
    at: instant(row.at.getTime()),
    type: row.type,
    sessionId: row.session_id,
    accountId: row.account_id,
    clientId: row.client_id,
    data: row.data,
  },
});
