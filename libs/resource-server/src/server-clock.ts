/** Milliseconds that only ever grow; their zero means nothing. */
export type Steady = number & { readonly __unit: 'steady ms' };

/** The host's steady clock. */
export const steadyNow = (): Steady => performance.now() as Steady;

/** So long a measurement is preferred to later ones that are less exact. */
const preferredFor = 60_000;

interface Measurement {
  /** Add to the steady clock for the latest time it can be at the authorization server. */
  readonly latest: number;
  readonly roundTrip: number;
  readonly at: Steady;
}

/**
 * The authorization server's time, by which deadlines are compared: hosts of APIs are often wrong by minutes. It is
 * learnt from answers: a question sent at s and answered with t means that at steady time x it is between t + (x - answered)
 * and t + (x - s) there.
 */
export class ServerClock {
  #measurement: Measurement | undefined;

  /** Takes the time an answer stated, and when its question left and the answer came. */
  learn(stated: number, sent: Steady, received: Steady): void {
    const roundTrip = received - sent;
    const known = this.#measurement;
    const outdated = known === undefined || received - known.at > preferredFor;
    // The server's clock may have been moved, so the new measurement replaces the old bound.
    const moved =
      known !== undefined &&
      (stated > known.latest + received || stated < known.latest + sent - known.roundTrip);
    if (outdated || moved || roundTrip <= known.roundTrip)
      this.#measurement = { latest: stated - sent, roundTrip, at: received };
  }

  /** Whether anything has been learnt; before, the host's own clock is believed. */
  get measured(): boolean {
    return this.#measurement !== undefined;
  }

  /** The latest time it can be there, in milliseconds since the epoch: for "not older than". */
  latest(at: Steady): number {
    return (this.#measurement?.latest ?? performance.timeOrigin) + at;
  }

  /** The likeliest time there, in milliseconds since the epoch. */
  now(at: Steady): number {
    return this.latest(at) - (this.#measurement?.roundTrip ?? 0) / 2;
  }
}
