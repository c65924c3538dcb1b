import { randomUUID } from 'node:crypto';
import type { Clock } from '@curfew/clock';
import type { Transaction } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { StoredEvent } from '../delivery/delivery.js';
import type { EventLog } from '../event-log.js';
import { Detector, type DetectorAnswers, type RaisedAlert } from './detector.js';
import { type AlertThresholds, alertPatterns } from './patterns.js';
import type { EventPlace, WatchStore } from './watch.store.js';

/** The parts of a watch. */
export interface WatchParts {
  readonly store: WatchStore;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly thresholds: AlertThresholds;
  /** The answers to patterns; a pattern without one is recorded. */
  readonly answers?: DetectorAnswers;
  /** Ends the sessions an alert is about, in the transaction that records it. */
  readonly end?: (alert: RaisedAlert, transaction: Transaction) => Promise<void>;
  /** Writes to people about events, before the watch goes on; events may come twice, and what fails is told again. */
  readonly tell?: (events: readonly StoredEvent[], now: Instant) => Promise<void>;
  /** Sees every event once, on whichever node has the watch; for counting. */
  readonly seen?: (event: StoredEvent) => void;
}

/** A node that has not been heard of for so many milliseconds is relieved. */
const watchMs = 10_000;
const batch = 500;
/** The number of the latest events that a node reads again when it takes over. */
const maxReadAgain = 20_000;

/**
 * Watches the stream of events for patterns. One node does so at a time, because what it remembers lives in its memory; the others
 * stand by, and one that takes over first reads the last minutes again.
 */
export class Watch {
  readonly #parts: WatchParts;
  readonly #node = randomUUID();
  #detector: Detector | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Reads what is new, if this node has the watch, and records the alerts. Says how many events it saw. */
  async run(): Promise<number> {
    const { store, clock } = this.#parts;
    const { isQuiet, isNews } = await this.#look();
    if (isQuiet) return 0;
    let total = 0;
    for (;;) {
      const now = clock.now();
      const place = await store.hold(this.#node, now, instant(now + watchMs));
      if (!place) {
        this.#detector = undefined;
        return total;
      }
      // The watch is only kept: nothing came since the look.
      if (this.#detector && !isNews) return total;
      this.#detector ??= await this.#readAgain(place, now);
      const seen = await this.#read(place, this.#detector);
      total += seen;
      if (seen < batch) return total;
    }
  }

  /** Lets another node watch. */
  async stop(): Promise<void> {
    if (this.#detector) await this.#parts.store.release(this.#node);
    this.#detector = undefined;
  }

  /** Whether this node had the watch when it last looked. */
  get watching(): boolean {
    return this.#detector !== undefined;
  }

  /** There is nothing to do most of the time: another node has the watch, or this one has it for a while and has seen everything. */
  async #look(): Promise<{ readonly isQuiet: boolean; readonly isNews: boolean }> {
    const { store, clock } = this.#parts;
    const now = clock.now();
    const { holder, isNews } = await store.look(now, instant(now + watchMs / 2));
    const isHere = holder === this.#node;
    if (holder !== null && !isHere) this.#detector = undefined;
    return { isQuiet: isHere ? this.#detector !== undefined && !isNews : holder !== null, isNews };
  }

  async #read(place: EventPlace, detector: Detector): Promise<number> {
    const { store, seen, tell, clock } = this.#parts;
    const events = await store.after(place, batch);
    const last = events.at(-1);
    if (!last) return 0;
    const raised = new Map<string, RaisedAlert>();
    for (const event of events)
      for (const alert of detector.observe(event)) if (!raised.has(alert.id)) raised.set(alert.id, alert);
    // Before the place moves: a crash in between finds the same alerts again, and their ids make them the same rows.
    await this.#raise([...raised.values()]);
    await tell?.(events, clock.now());
    if (!(await store.reached(this.#node, last.place))) return 0;
    for (const event of events) seen?.(event);
    return events.length;
  }

  /** Alerts that are only recorded go in one statement; an alert that brings something with it commits with that, once. */
  async #raise(alerts: readonly RaisedAlert[]): Promise<void> {
    const { store, log, end } = this.#parts;
    await log.record(alerts.filter(({ data }) => data.action === 'record'));
    for (const alert of alerts.filter(({ data }) => data.action !== 'record'))
      await store.raise(alert, async (transaction) => {
        if (alert.data.action === 'end') await end?.(alert, transaction);
      });
  }

  async #readAgain(place: EventPlace, now: Instant): Promise<Detector> {
    const { store, thresholds, answers } = this.#parts;
    const detector = new Detector(thresholds, answers);
    const longest = Math.max(...alertPatterns.map((pattern) => thresholds[pattern].window));
    const since = instant(now - longest * 1000);
    for (const event of await store.lately(place, since, maxReadAgain)) detector.observe(event);
    return detector;
  }
}
