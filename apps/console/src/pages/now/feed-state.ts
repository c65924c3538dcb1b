import type { operations } from '../../generated/admin-api.js';

/** An event as the stream tells it. */
export type FeedEvent =
  operations['listEvents']['responses'][200]['content']['application/json']['items'][number];

/** How many events are remembered; the page can stay open for days. */
const maxEvents = 400;
/** How many seconds of ends are remembered for the picture. */
export const pictureSeconds = 60;

/** The ends of one second, by reason. */
export interface EndsOfSecond {
  readonly second: number;
  readonly byReason: ReadonlyMap<string, number>;
}

/** The events that came, bounded in memory: the latest of them, ends by second, and sums since the page was opened. */
export class FeedMemory {
  #events: FeedEvent[] = [];
  #ends: { second: number; byReason: Map<string, number> }[] = [];
  readonly sums = { events: 0, refreshes: 0, refusals: 0, ended: 0 };

  /** The latest first. */
  get events(): readonly FeedEvent[] {
    return this.#events;
  }

  get ends(): readonly EndsOfSecond[] {
    return this.#ends;
  }

  /** Takes events that came together, oldest first. */
  take(events: readonly FeedEvent[]): void {
    for (const event of events) this.#count(event);
    this.#events = [...events.toReversed(), ...this.#events].slice(0, maxEvents);
  }

  #count(event: FeedEvent): void {
    const count = countOf(event);
    this.sums.events += 1;
    if (event.type === 'sessions.refreshed') this.sums.refreshes += count;
    if (event.type === 'request.refused' || event.type === 'session.refresh_refused')
      this.sums.refusals += count;
    if (event.type !== 'session.ended') return;
    this.sums.ended += 1;
    const second = Math.floor(Date.parse(event.at) / 1000);
    const reason = String(event.data['reason'] ?? 'unknown');
    let found = this.#ends.find((one) => one.second === second);
    if (!found) {
      found = { second, byReason: new Map() };
      this.#ends = [...this.#ends.filter((one) => one.second > second - 2 * pictureSeconds), found];
    }
    found.byReason.set(reason, (found.byReason.get(reason) ?? 0) + 1);
  }
}

/** How many things an event tells of: counted ones stand for several. */
export const countOf = ({ data }: FeedEvent): number =>
  typeof data['count'] === 'number' ? data['count'] : 1;
