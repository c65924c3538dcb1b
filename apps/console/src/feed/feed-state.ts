import type { operations } from '../generated/admin-api.js';
import { PerSecond } from './per-second.js';

/** An event as the stream tells it. */
export type FeedEvent =
  operations['listEvents']['responses'][200]['content']['application/json']['items'][number];

/** How many events are remembered; the page can stay open for days. */
const maxEvents = 400;

/** The events that came, bounded in memory: the latest of them, and counts of the last seconds. */
export class FeedMemory {
  #events: FeedEvent[] = [];
  readonly all = new PerSecond();
  readonly ends = new PerSecond();
  readonly refreshes = new PerSecond();
  readonly refusals = new PerSecond();

  /** The latest first. */
  get events(): readonly FeedEvent[] {
    return this.#events;
  }

  /** Takes events that came together, oldest first. */
  take(events: readonly FeedEvent[]): void {
    for (const event of events) this.#count(event);
    this.#events = [...events.slice(-maxEvents).toReversed(), ...this.#events].slice(0, maxEvents);
  }

  #count(event: FeedEvent): void {
    const { at, type, data } = event;
    const count = countOf(event);
    this.all.add(at, type, 1);
    if (type === 'session.ended') this.ends.add(at, String(data['reason'] ?? 'unknown'), 1);
    if (type === 'sessions.refreshed') this.refreshes.add(at, type, count);
    if (type === 'request.refused' || type === 'session.refresh_refused')
      this.refusals.add(at, String(data['reason'] ?? data['cause'] ?? 'unknown'), count);
  }
}

/** How many things an event tells of: counted ones stand for several. */
export const countOf = ({ data }: FeedEvent): number =>
  typeof data['count'] === 'number' ? data['count'] : 1;
