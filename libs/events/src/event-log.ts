import { Prisma, type PrismaService, type Transaction } from '@curfew/persistence';
import { type Instant, type SessionEvent } from '@curfew/session-policy';
import { isCounted } from '@curfew/session-policy/event-catalogue';
import { type CountedEvent, Tallies } from './tallies.js';

/** Something that happened, of the closed list, as it is about to be written; `id` is a UUIDv7. */
export type NewEvent = SessionEvent & { readonly id: string };

/** An event as a row of the table, for JSON. */
export const eventRow = ({ id, at, type, sessionId, accountId, clientId, data }: NewEvent) => ({
  id,
  at: new Date(at).toISOString(),
  type,
  session_id: sessionId,
  account_id: accountId,
  client_id: clientId,
  data,
});

/** The rows of events as one JSON parameter, for `jsonb_to_recordset` inside the statement that causes them. */
export const eventRows = (events: readonly NewEvent[]): string => JSON.stringify(events.map(eventRow));

/** The columns of such rows, as `jsonb_to_recordset` wants them. */
export const eventColumns =
  'id uuid, at timestamptz, type text, session_id uuid, account_id uuid, client_id text, data jsonb';

/** Records the events that a query selects: id, instant, type, session, account, client and data. */
export const insertSelectedEvents = (query: string): string =>
  `INSERT INTO event (id, at, type, session_id, account_id, client_id, data) ${query}`;

const into = insertSelectedEvents('SELECT e.* FROM jsonb_to_recordset(');
const after = (condition: string) => `) AS e(${eventColumns}) ${condition} ON CONFLICT (id) DO NOTHING`;

/** The statement, or the part of one, that records events; if a condition is given, only if it holds. */
export const insertEvents = (events: readonly NewEvent[], condition = ''): Prisma.Sql =>
  Prisma.sql`${Prisma.raw(into)}${eventRows(events)}::jsonb${Prisma.raw(after(condition))}`;

/** The same as text, for a statement that goes straight through the driver; `rows` stands for what `eventRows` makes. */
export const insertEventsText = (rows: string, condition = ''): string => `${into}${rows}${after(condition)}`;

/** Events that wait for the next batch; beyond that new ones are dropped and counted. */
const maxWaiting = 10_000;

/** Writes events that have no change of their own to ride with. Append only. */
export class EventLog {
  readonly #prisma: PrismaService;
  #waiting: NewEvent[] = [];
  readonly #tallies = new Tallies();
  /** High-volume events dropped since the start because the database did not keep up. */
  dropped = 0;

  constructor(prisma: PrismaService) {
    this.#prisma = prisma;
  }

  /**
   * Durable when it returns; inside `transaction` it commits with that. Written again after an unknown outcome, it stays one. Counts go
   * to a table of their own, which no seal covers.
   */
  async record(events: readonly NewEvent[], transaction?: Transaction): Promise<void> {
    const counts = events.filter(({ type }) => isCounted(type));
    if (counts.length > 0) await this.#recordCounts(counts, transaction);
    if (counts.length === events.length) return;
    const sealed = counts.length === 0 ? events : events.filter(({ type }) => !isCounted(type));
    await (transaction ?? this.#prisma).$executeRaw(insertEvents(sealed));
  }

  async #recordCounts(counts: readonly NewEvent[], transaction: Transaction | undefined): Promise<void> {
    await (transaction ?? this.#prisma).$executeRaw`
      INSERT INTO event_count (id, at, type, account_id, client_id, data)
      SELECT id, at, type, account_id, client_id, data
      FROM jsonb_to_recordset(${eventRows(counts)}::jsonb)
        AS e(id uuid, at timestamptz, type text, account_id uuid, client_id text, data jsonb)
      ON CONFLICT (id) DO NOTHING`;
  }

  /**
   * Takes a high-volume event for the next batch. A crash loses at most the events that were taken since the last `flush`; ends, reuse and
   * refusals never come this way.
   */
  soon(event: NewEvent): void {
    if (this.#waiting.length >= maxWaiting) {
      this.dropped += 1;
      return;
    }
    this.#waiting.push(event);
  }

  /**
   * Counts an event whose number is all that matters; `first` stands for those of the same type and `key` until a row of them is written.
   * If `address` is given, different ones are told apart, as far as `first` is handed one, so that nobody answers for another's flood.
   */
  tally(
    type: CountedEvent['type'],
    key: string,
    first: (address: string | null) => CountedEvent,
    address: string | null = null,
  ): void {
    if (!this.#tallies.add(type, key, first, address)) this.dropped += 1;
  }

  /**
   * Writes the batch, events and counts in a statement each. Rows that cannot be written wait for the next time. With `now`, counts wait
   * until their row is due; without it nothing is left behind.
   */
  async flush(now?: Instant): Promise<void> {
    const batch = [...this.#waiting, ...this.#tallies.due(now)];
    this.#waiting = [];
    try {
      await this.record(batch);
    } catch (error) {
      const all = [...batch, ...this.#waiting];
      this.#waiting = all.slice(-maxWaiting);
      this.dropped += all.length - this.#waiting.length;
      throw error;
    }
  }
}
