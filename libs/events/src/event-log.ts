// How events are recorded: with their cause, in batches behind it, and those that are too frequent for a row each as counts.

import { Prisma, type PrismaService, type Transaction } from '@curfew/persistence';
import { type Instant, type SessionEvent } from '@curfew/session-policy';
import { isCounted } from '@curfew/session-policy/event-catalogue';

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

/** An event that tells how often something happened, and not each time. */
export type CountedEvent = Extract<
  SessionEvent & { readonly id: string },
  { readonly data: { readonly count: number } }
>;

/** Keys that are counted at a time, of each of the two kinds. */
const maxKeys = 10_000;
/** Addresses of one key that are told apart within a minute; events from further ones are counted without an address. */
const maxApart = 20;
/** Milliseconds that a row covers at most. */
const coveredMs = 60_000;

/** Nobody is alarmed by these events, so nothing of them is written before their minute is over. */
const everyday: ReadonlySet<CountedEvent['type']> = new Set(['sessions.refreshed']);

type MakeEvent = (address: string | null) => CountedEvent;

interface Tally {
  /** The first event that is not written yet. */
  event: CountedEvent;
  /** When the minute of this key began. */
  readonly began: Instant;
  /** How often it was written within the minute, and how often not yet. */
  written: number;
  pending: number;
}

/**
 * Counts events that are too frequent for a row each. The first of a key is due at once, so that a pattern of attack is seen at once; the
 * number within a minute is due when it has doubled, or when the minute is over. So n occurrences of a key in a minute are log2(n) + 2 rows
 * at most, and the part that is not written yet is never more than the part that is.
 */
export class Tallies {
  readonly #soon = new Map<string, Tally>();
  /** Everyday use is counted apart, so that many clients in use never push out what an attack leaves behind. */
  readonly #everyday = new Map<string, Tally>();
  /** The addresses told apart, by type and key. */
  readonly #apart = new Map<string, { readonly began: Instant; readonly addresses: Set<string> }>();

  /** Counts one occurrence; false where there are too many keys already. `first` makes the event of the row that it begins. */
  add(type: CountedEvent['type'], key: string, first: MakeEvent, address: string | null): boolean {
    const tallies = everyday.has(type) ? this.#everyday : this.#soon;
    const told = address === null ? null : this.#toldApart(`${type} ${key}`, address, first);
    const name = `${type} ${key} ${told}`;
    const tally = tallies.get(name);
    if (!tally) {
      if (tallies.size >= maxKeys) return false;
      const event = first(told);
      tallies.set(name, { event, began: event.at, written: 0, pending: 1 });
    } else {
      if (tally.pending === 0) tally.event = first(told);
      tally.pending += 1;
    }
    return true;
  }

  /** Takes the rows that are due; all that is pending where no moment is given. */
  due(now?: Instant): CountedEvent[] {
    for (const [group, { began }] of this.#apart) if (isOver(began, now)) this.#apart.delete(group);
    return [...takeDue(this.#soon, false, now), ...takeDue(this.#everyday, true, now)];
  }

  /** Keys that are held at the moment. */
  get size(): number {
    return this.#soon.size + this.#everyday.size;
  }

  #toldApart(group: string, address: string, first: MakeEvent): string | null {
    const known = this.#apart.get(group);
    if (known?.addresses.has(address)) return address;
    if (known ? known.addresses.size >= maxApart : this.#apart.size >= maxKeys) return null;
    if (known) known.addresses.add(address);
    else this.#apart.set(group, { began: first(address).at, addresses: new Set([address]) });
    return address;
  }
}

/** A clock that was set back makes a row early rather than never. */
const isOver = (began: Instant, now: Instant | undefined): boolean =>
  now === undefined || Math.abs(now - began) >= coveredMs;

/** Takes what is due and forgets the keys whose minute is over; all of them before there is no room for others. */
function takeDue(tallies: Map<string, Tally>, waits: boolean, now: Instant | undefined): CountedEvent[] {
  const isCrowded = tallies.size >= maxKeys / 2;
  const rows: CountedEvent[] = [];
  for (const [name, tally] of tallies) {
    const isLast = isCrowded || isOver(tally.began, now);
    const isDue = isLast || (!waits && tally.pending >= tally.written);
    if (tally.pending > 0 && isDue) rows.push(rowOf(tally));
    if (isLast) tallies.delete(name);
  }
  return rows;
}

function rowOf(tally: Tally): CountedEvent {
  const { event, pending } = tally;
  tally.written += pending;
  tally.pending = 0;
  return { ...event, data: { ...event.data, count: pending } } as CountedEvent;
}

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
