import type { Clock } from '@curfew/clock';
import { type Instant, isPast, type Seconds, secondsUntil } from '@curfew/session-policy';
import type { WatchStore } from './watch.store.js';

/** Networks that are held back at a time; beyond that those that are free again soonest are let go. */
const maxThrottled = 10_000;

/**
 * The networks that alerts hold back, as this node knows them. The alerts in the table are the truth: `load` reads them, at the start
 * and whenever one is announced, so all nodes hold back the same. In memory and bounded; asking costs nothing while nobody is held back.
 */
export class ThrottledNetworks {
  #until: ReadonlyMap<string, Instant> = new Map();
  #latest: Instant | undefined;

  constructor(
    private readonly store: WatchStore,
    private readonly clock: Clock,
    private readonly max = maxThrottled,
  ) {}

  /** Reads what recent alerts hold back. */
  async load(): Promise<void> {
    const throttled = await this.store.throttled(this.clock.now(), this.max);
    this.#until = new Map(throttled);
    this.#latest = throttled[0]?.[1];
  }

  /** Whether anybody may be held back at the moment, so that callers need not look at each request for nothing. */
  get any(): boolean {
    return this.#latest !== undefined && !isPast(this.#latest, this.clock.now());
  }

  /** How long requests from any of these networks or addresses must wait; null when they need not. */
  wait(networks: readonly (string | null)[]): Seconds | null {
    const now = this.clock.now();
    for (const network of networks) {
      const until = network === null ? undefined : this.#until.get(network);
      if (until !== undefined && !isPast(until, now)) return secondsUntil(until, now);
    }
    return null;
  }
}
