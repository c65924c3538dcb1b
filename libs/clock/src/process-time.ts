// The time of a process: the clocks of its host, which are read here only, the beats at which it wakes, and the clock by which it follows the
// database.

import { setTimeout as pause } from 'node:timers/promises';
import { Clock, type Instant } from './clock.js';

// `Date` is bound here, at load, because `installAsProcessTime` replaces the globals later and the disciplined clock must not follow itself.
const HostDate = Date;
const readWallClock = Date.now;

/** The host's idea of the time, in milliseconds since the epoch; it may jump. */
export const wallClock = (): number => readWallClock.call(HostDate);

/** Milliseconds that only ever grow, whatever is done to the host's clock; their zero means nothing. */
export const steadyClock = (): number => performance.now();

/**
 * Makes `Date.now()` and `new Date()` of this process follow `clock`, because oidc-provider and jose ask them for the time
 * themselves. Returns a function that puts the host's clock back.
 */
export function installAsProcessTime(clock: Clock): () => void {
  const before = { constructor: globalThis.Date, now: HostDate.now };
  const now = (): number => clock.now();
  // A proxy, not a subclass: `instanceof Date` must go on holding for dates made before and by the runtime itself.
  const followed: DateConstructor = new Proxy(HostDate, {
    // Constructed as itself: with the proxy as `new.target` the engine would make a hidden class for every single date.
    construct: (target, values, newTarget) =>
      Reflect.construct(
        target,
        values.length === 0 ? [now()] : values,
        newTarget === followed ? target : newTarget,
      ) as Date,
    apply: (target) => new target(now()).toString(),
  });
  globalThis.Date = followed;
  HostDate.now = now;
  return () => {
    globalThis.Date = before.constructor;
    HostDate.now = before.now;
  };
}

/** Milliseconds between two instants at which this process may wake. */
const betweenBeatsMs = 500;
/** A wake-up this much before a beat belongs to that beat: timers fire up to a millisecond early. */
const earlyMs = 5;
/** Processes that started together do not wake together. */
const firstBeatMs = Math.random() * betweenBeatsMs;

/**
 * How long to wait, at most `intervalMs`, for the last beat within the interval. All repeated work of a process wakes at common beats,
 * because a wake-up costs an idle process about as much as the work it wakes for. Work that repeats faster than the beats keeps its interval.
 */
export function waitForBeatMs(intervalMs: number, at = steadyClock()): number {
  if (intervalMs < betweenBeatsMs) return intervalMs;
  const beat = Math.floor((at - firstBeatMs + earlyMs + intervalMs) / betweenBeatsMs);
  return Math.ceil(firstBeatMs + beat * betweenBeatsMs - at);
}

/** Waits until the last beat within `intervalMs`, or until `signal` aborts; does not keep the process alive. */
export const untilBeat = (intervalMs: number, signal: AbortSignal): Promise<void> =>
  pause(waitForBeatMs(intervalMs), undefined, { signal, ref: false }).catch(() => {});

/** The clock was read before its first measurement succeeded. */
export class ClockNotMeasured extends Error {
  override readonly name = 'ClockNotMeasured';
  readonly code = 'clock_not_measured';

  constructor() {
    super('the clock has not been measured against the database yet');
  }
}

/** Figures about a node's clock for operators, in milliseconds. */
export interface ClockReport {
  /** How far this clock is ahead of the host's own. */
  readonly offsetMs: number;
  /** How long ago the reference was last asked successfully. */
  readonly measuredAgoMs: number;
  /** The round trip of the measurement in use: the reading is off by half of it at most. */
  readonly roundTripMs: number;
}

/** How a disciplined clock measures. */
export interface Discipline {
  /** Round trips per measurement; the fastest one counts. */
  readonly roundTrips?: number;
  /** Milliseconds between two looks at the reference. One that finds it where it is expected keeps a measurement that is not old. */
  readonly intervalMs?: number;
  /** Told when a periodic measurement fails; the clock runs on by its last one. */
  readonly onFailure?: (error: unknown) => void;
  /** The host's steady and wall clocks, replaceable so that tests can bend them. */
  readonly steady?: () => number;
  readonly wall?: () => number;
}

interface Measurement {
  /** Add to the steady clock to get the time of the reference. */
  readonly base: number;
  readonly roundTripMs: number;
  readonly takenAt: number;
  /** Wall clock minus steady clock then: changes when the host was stopped for a while or its clock was set. */
  readonly hostGap: number;
}

/** A measurement is replaced after this, because the clocks of two hosts drift apart. */
const oldAfterMs = 29_000;
/** A host that slept or was set by more than this asks the reference again at once. */
const suspiciousJumpMs = 1_000;

/**
 * Follows another clock, the database's, so that nodes with skewed hosts agree about deadlines. Between measurements it runs on the
 * host's steady clock, which nobody can set; it never steps back: if a measurement says that it is ahead, it stands still until the
 * reference has caught up.
 */
export class DisciplinedClock extends Clock {
  readonly #measure: () => Promise<number>;
  readonly #discipline: Required<Discipline>;
  #measurement: Measurement | undefined;
  #latest = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #measuring: Promise<void> | undefined;

  /** `measure` asks the reference for its time, in milliseconds since the epoch. */
  constructor(measure: () => Promise<number>, discipline: Discipline = {}) {
    super();
    this.#measure = measure;
    this.#discipline = {
      roundTrips: 3,
      intervalMs: 30_000,
      onFailure: () => {},
      steady: steadyClock,
      wall: wallClock,
      ...discipline,
    };
  }

  /** Takes the first measurement, and from then on looks once per interval. Rejects if the reference cannot be asked. */
  async start(): Promise<void> {
    await this.remeasure();
    if (!this.#timer) this.#lookLater();
  }

  /** Ends the periodic measurements. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Measures once more; a call while another measures shares its outcome. */
  remeasure(): Promise<void> {
    this.#measuring ??= this.#takeMeasurement().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  now(): Instant {
    const measurement = this.#measurement;
    if (!measurement) throw new ClockNotMeasured();
    const { steady, wall } = this.#discipline;
    const tick = steady();
    if (Math.abs(wall() - tick - measurement.hostGap) > suspiciousJumpMs) this.#remeasureInBackground();
    this.#latest = Math.max(this.#latest, Math.floor(measurement.base + tick));
    return this.#latest as Instant;
  }

  /** How far this clock and the host's are apart, and how fresh that knowledge is. */
  report(): ClockReport {
    const measurement = this.#measurement;
    if (!measurement) throw new ClockNotMeasured();
    return {
      offsetMs: Math.round(measurement.base - measurement.hostGap),
      measuredAgoMs: Math.round(this.#discipline.steady() - measurement.takenAt),
      roundTripMs: measurement.roundTripMs,
    };
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => {
      this.#lookLater();
      this.#look().catch(this.#discipline.onFailure);
    }, waitForBeatMs(this.#discipline.intervalMs)).unref();
  }

  /** Asks the reference once, and measures where it is not as expected. */
  async #look(): Promise<void> {
    const known = this.#measurement;
    if (!known || this.#discipline.steady() - known.takenAt >= oldAfterMs) return this.remeasure();
    const { base, roundTripMs } = await this.#trip();
    // Either is off by half of its round trip at most.
    if (Math.abs(base - known.base) > (roundTripMs + known.roundTripMs) / 2) await this.remeasure();
  }

  #remeasureInBackground(): void {
    if (this.#measuring) return;
    this.remeasure().catch(this.#discipline.onFailure);
  }

  async #takeMeasurement(): Promise<void> {
    let best: Measurement | undefined;
    for (let count = 0; count < this.#discipline.roundTrips; count += 1) {
      const trip = await this.#trip();
      if (!best || trip.roundTripMs < best.roundTripMs) best = trip;
    }
    this.#measurement = best;
  }

  async #trip(): Promise<Measurement> {
    const { steady, wall } = this.#discipline;
    const sentAt = steady();
    const reference = await this.#measure();
    const takenAt = steady();
    // The reference was read somewhere on the way; taking the middle halves the greatest possible error.
    const base = reference - (sentAt + takenAt) / 2;
    return { base, roundTripMs: takenAt - sentAt, takenAt, hostGap: wall() - takenAt };
  }
}
