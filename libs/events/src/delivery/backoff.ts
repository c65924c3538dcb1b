import { type Instant, instant } from '@curfew/session-policy';

/** How patiently a receiver is tried. */
export interface RetryPatience {
  /** Milliseconds before the first retry; doubles with each further one. */
  readonly firstMs: number;
  /** The longest pause in milliseconds. */
  readonly longestMs: number;
  /** After so many attempts a delivery is a dead letter. */
  readonly maxAttempts: number;
}

/** Some twelve hours of patience: a receiver may be down over night and still hears of everything. */
export const usualPatience: RetryPatience = { firstMs: 1_000, longestMs: 3_600_000, maxAttempts: 22 };

/**
 * When to try again after `attempts` failed ones; null when it was the last. `chance` in [0, 1) spreads the pause over its
 * upper half, so that deliveries that failed together do not come back together. A receiver may ask for a longer pause.
 */
export function nextAttempt(
  attempts: number,
  now: Instant,
  chance: number,
  { firstMs, longestMs, maxAttempts }: RetryPatience,
  askedMs = 0,
): Instant | null {
  if (attempts >= maxAttempts) return null;
  const pause = Math.min(longestMs, firstMs * 2 ** Math.min(attempts - 1, 40));
  return instant(Math.round(now + Math.max(pause * (0.5 + chance / 2), Math.min(askedMs, longestMs))));
}
