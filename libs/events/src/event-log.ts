import type { PrismaService, Transaction } from '@curfew/persistence';
import type { Instant, SessionEvent } from '@curfew/session-policy';

/** Something that happened, of the closed list, as it is about to be written; `id` is a UUIDv7. */
export type NewEvent = SessionEvent & { readonly id: string };

/** An event that tells how often something happened, and not each time. */
export type CountedEvent = Extract<NewEvent, { readonly data: { readonly count: number } }>;

/** The rows of events as one JSON parameter, for `jsonb_to_recordset` inside the statement that causes them. */
export const eventRows = (events: readonly NewEvent[]): string =>
  JSON.stringify(
    events.map(({ id, at, type, sessionId, accountId, clientId, data }) => ({
      id,
      at: new Date(at).toISOString(),
      type,
      session_id: sessionId,
      account_id: accountId,
      client_id: clientId,
      data,
    })),
  );

/** So many events wait for the next batch; beyond that new ones are dropped and counted. */
const mostWaiting = 10_000;
/** So many addresses of one key are told apart in a batch; what comes from more is counted without one. */
const mostApart = 20;

/** Milliseconds that one row about everyday use covers. */
const everydayMs = 60_000;
/** Nobody is alarmed by these events, so their count is written once a minute; no pattern of an attack looks at them. */
const everyday: ReadonlySet<CountedEvent['type']> = new Set(['sessions.refreshed']);

interface Tally {
  readonly event: CountedEvent;
  count: number;
}
type Tallies = Map<string, Tally>;

/** Writes events that have no change of their own to ride with. Append only. */
export class EventLog {
  readonly #prisma: PrismaService;
  #waiting: NewEvent[] = [];
  /** What is too frequent for a row each is counted, and one row a flush says how often. */
  readonly #tallies: Tallies = new Map();
  /** Counts of everyday use, apart from the others so that many clients in use never push out what an attack leaves behind. */
  readonly #everyday: Tallies = new Map();
  /** The addresses told apart since the last flush, by type and key. */
  readonly #apart = new Map<string, Set<string>>();
  /** High-volume events dropped since the start because the database did not keep up. */
  dropped = 0;

  constructor(prisma: PrismaService) {
    this.#prisma = prisma;
  }

  /** Durable when it returns; inside `transaction` it commits with that. Written again after an unknown outcome, it stays one. */
  async record(events: readonly NewEvent[], transaction?: Transaction): Promise<void> {
    if (events.length === 0) return;
    await (transaction ?? this.#prisma).$executeRaw`
      INSERT INTO event (id, at, type, session_id, account_id, client_id, data)
      SELECT id, at, type, session_id, account_id, client_id, data
      FROM jsonb_to_recordset(${eventRows(events)}::jsonb)
        AS e(id uuid, at timestamptz, type text, session_id uuid, account_id uuid, client_id text, data jsonb)
      ON CONFLICT (id) DO NOTHING`;
  }

  /**
   * Takes a high-volume event for the next batch. What a crash loses is at most what was taken since the last `flush`;
   * ends, reuse and refusals never come this way.
   */
  soon(event: NewEvent): void {
    if (this.#waiting.length >= mostWaiting) {
      this.dropped += 1;
      return;
    }
    this.#waiting.push(event);
  }

  /**
   * Counts an event of which only the number matters; `first` stands for all of the same type and `key` until the next flush.
   * Where `address` is given, different ones are told apart, as far as `first` is handed one: nobody answers for another's flood.
   */
  tally(
    type: CountedEvent['type'],
    key: string,
    first: (address: string | null) => CountedEvent,
    address: string | null = null,
  ): void {
    const told = address === null ? null : this.#toldApart(`${type} ${key}`, address);
    const name = `${type} ${key} ${told}`;
    const tallies = everyday.has(type) ? this.#everyday : this.#tallies;
    const tally = tallies.get(name);
    if (tally) tally.count += 1;
    else if (tallies.size < mostWaiting) tallies.set(name, { event: first(told), count: 1 });
    else this.dropped += 1;
  }

  #toldApart(group: string, address: string): string | null {
    const known = this.#apart.get(group) ?? new Set<string>();
    if (!known.has(address) && (known.size >= mostApart || this.#apart.size >= mostWaiting)) return null;
    this.#apart.set(group, known.add(address));
    return address;
  }

  /** Takes the counts of everyday use that are a minute old; all of them when no moment is given, or when there is no room for more. */
  #dueEveryday(now: Instant | undefined): readonly Tally[] {
    const isFull = this.#everyday.size >= mostWaiting;
    const due = [...this.#everyday].filter(
      // A clock that was set back makes a row early rather than never.
      ([, { event }]) => now === undefined || isFull || Math.abs(now - event.at) >= everydayMs,
    );
    for (const [name] of due) this.#everyday.delete(name);
    return due.map(([, tally]) => tally);
  }

  /**
   * Writes the batch in one statement. What cannot be written waits for the next time. With `now`, counts of everyday use wait until
   * they cover a minute; without it nothing is left behind.
   */
  async flush(now?: Instant): Promise<void> {
    const counted = [...this.#tallies.values(), ...this.#dueEveryday(now)].map(
      ({ event, count }) => ({ ...event, data: { ...event.data, count } }) as CountedEvent,
    );
    const batch = [...this.#waiting, ...counted];
    this.#waiting = [];
    this.#tallies.clear();
    this.#apart.clear();
    try {
      await this.record(batch);
    } catch (error) {
      const all = [...batch, ...this.#waiting];
      this.#waiting = all.slice(-mostWaiting);
      this.dropped += all.length - this.#waiting.length;
      throw error;
    }
  }
}
