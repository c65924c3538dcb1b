import type { HotStatement, PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';

/** The places among the events that are kept, by name: how far they were handed on to receivers, and how far they were watched. */
type Cursor = 'outbox' | 'watch';

/** The outcome of a look at a cursor. */
export interface News {
  /** Whether something stands behind the cursor that can be told now. */
  readonly isNews: boolean;
  /** Whether the cursor is a place in another database. */
  readonly isForeign: boolean;
  /** The node that holds the cursor beyond the instant that was asked about. */
  readonly holder: string | null;
  /** Whether a delivery is due. */
  readonly isDue: boolean;
}

/** Instants of a look. */
interface Look {
  readonly now: Instant;
  /** Until when somebody must hold a cursor to count as its holder. */
  readonly heldUntil: Instant;
}

/**
 * A condition on `delivery_cursor c` and `service_state s`: behind the cursor is an event or a count (ADR 49) that no transaction under way can
 * precede any more.
 */
const hasNews = `EXISTS (SELECT 1 FROM any_event e
  WHERE (e.xid, e.id) > (c.xid, c.event_id) AND e.xid < pg_snapshot_xmin(pg_current_snapshot()) AND e.era = s.era)`;

const lookStatement: HotStatement = {
  name: 'news_look',
  text: `
    SELECT c.name, ${hasNews}, c.epoch <> s.epoch, CASE WHEN c.held_until > to_timestamp($2::float8 / 1000) THEN c.holder::text END,
      c.name = 'outbox' AND EXISTS (SELECT 1 FROM delivery_receiver r JOIN delivery d ON d.receiver_id = r.id AND d.dead_at IS NULL AND d.next_attempt_at <= to_timestamp($1::float8 / 1000)
        WHERE r.status = 'enabled' AND r.kind <> 'set_poll')
    FROM delivery_cursor c, service_state s WHERE c.name IN ('outbox', 'watch')`,
};
type Row = [name: Cursor, isNews: boolean, isForeign: boolean, holder: string | null, isDue: boolean];

/**
 * Looks whether there is anything to deliver or to watch, as most of the time there is not. A look locks and writes nothing. Looks of the same
 * turn of the event loop share one statement.
 */
export class NewsStore {
  /** The latest instants of the looks that wait. */
  #asked: Look | undefined;
  #looking: Promise<ReadonlyMap<Cursor, News>> | undefined;

  constructor(private readonly prisma: PrismaService) {}

  /** The work there is for one cursor; undefined where the cursor is gone. */
  async look(cursor: Cursor, { now, heldUntil }: Look): Promise<News | undefined> {
    const { now: latest = now, heldUntil: longest = heldUntil } = this.#asked ?? {};
    this.#asked = { now: later(now, latest), heldUntil: later(heldUntil, longest) };
    this.#looking ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#ask());
    return (await this.#looking).get(cursor);
  }

  async #ask(): Promise<ReadonlyMap<Cursor, News>> {
    const { now, heldUntil } = this.#asked!;
    this.#asked = undefined;
    this.#looking = undefined;
    const rows = await this.prisma.direct.run<Row>(lookStatement, [now, heldUntil]);
    return new Map(
      rows.map(([name, isNews, isForeign, holder, isDue]) => [name, { isNews, isForeign, holder, isDue }]),
    );
  }
}

const later = (one: Instant, other: Instant): Instant => (one > other ? one : other);
