/** A point in time: milliseconds since the Unix epoch, by the one clock. Branded so that a duration cannot stand in for it. */
export type Instant = number & { readonly __unit: 'ms since epoch' };

/** A length of time in whole seconds, the unit of `expires_in` and of every setting. */
export type Seconds = number & { readonly __unit: 's' };

/** Brands milliseconds since the epoch as an instant. */
export const instant = (milliseconds: number): Instant => milliseconds as Instant;

/** Brands a number of seconds as a duration. */
export const seconds = (count: number): Seconds => count as Seconds;

/** The instant `length` after `at`. */
export const plus = (at: Instant, length: Seconds): Instant => (at + length * 1000) as Instant;

/** The earliest of the given instants. */
export const earliest = (...instants: readonly Instant[]): Instant => Math.min(...instants) as Instant;

/** A deadline belongs to the past: at the deadline itself a thing has expired. The one comparison of this kind. */
export const isPast = (deadline: Instant, now: Instant): boolean => now >= deadline;

/** Whole seconds left until `deadline`, never negative, rounded down so that a promise is never too long. */
export const secondsUntil = (deadline: Instant, now: Instant): Seconds =>
  Math.max(0, Math.floor((deadline - now) / 1000)) as Seconds;

/** Milliseconds from `since` to `now`, never negative: a clock that stepped back counts as no time at all. */
export const elapsedMs = (since: Instant, now: Instant): number => Math.max(0, now - since);

/** The later of two instants, because a recorded instant is never moved back. */
export const latest = (a: Instant, b: Instant): Instant => Math.max(a, b) as Instant;

/** The whole second at or before an instant. JWT dates (RFC 7519 §2 NumericDate) are counted in these. */
export const wholeSecond = (at: Instant): Instant => (Math.floor(at / 1000) * 1000) as Instant;
