import type { Instant, SessionEvent } from '@curfew/session-policy';

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
