import { Clock, type Instant } from './clock.js';

/** A clock for tests that stands still until it is moved. */
export class ManualClock extends Clock {
  #now: number;

  /** Starts at `at` (milliseconds since the epoch), by default the first second of 2030. */
  constructor(at: number = Date.UTC(2030, 0, 1)) {
    super();
    this.#now = at;
  }

  now(): Instant {
    return this.#now as Instant;
  }

  /** Moves the clock on by `seconds`. */
  advance(seconds: number): Instant {
    this.#now += seconds * 1000;
    return this.now();
  }

  /** Sets the clock, also backwards: a test may want a clock that breaks its word. */
  set(at: number): Instant {
    this.#now = at;
    return this.now();
  }
}
