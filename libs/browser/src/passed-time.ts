/** A moment from which this page can measure. */
export interface Moment {
  readonly steady: number;
  readonly wall: number;
}

/** The device's own time in milliseconds. It may be wrong by days, so it is only ever compared with itself. */
export const wallNow = (): number => Date.now();

/** The moment that lies so many milliseconds back. */
export const momentAgo = (passed = 0): Moment => ({
  steady: performance.now() - passed,
  wall: wallNow() - passed,
});

/**
 * Milliseconds since a moment, the longer of two measurements: the steady clock stands still while a device sleeps, and the wall clock may
 * be set back.
 */
export const passedSince = ({ steady, wall }: Moment): number =>
  Math.max(0, performance.now() - steady, wallNow() - wall);
