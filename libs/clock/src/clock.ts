/**
 * A point in time: milliseconds since the Unix epoch, by the one clock. Written out here as `session-policy` writes it, so that the
 * two are one type although neither room imports the other.
 */
export type Instant = number & { readonly __unit: 'ms since epoch' };

/** The one source of the current time. Read it once per request and hand the instant down. */
export abstract class Clock {
  /** The current instant; MUST never be earlier than one it returned before. */
  abstract now(): Instant;
}
