/** The meaning of an event in one sentence, as the documentation prints it, and whether it commits with its cause or may be written a moment later. */
export interface EventEntry<Data = unknown> {
  readonly meaning: string;
  /**
   * 'with_cause': in the transaction of what it tells, so neither exists without the other.
   * 'batched': frequent and without consequence; written in batches, the last of which a crash may lose.
   * 'counted': only how often it happened is written, in rows that cover a minute at most and are no part of the sealed history (ADR 49).
   */
  readonly written: 'with_cause' | 'batched' | 'counted';
  /** The type of what it tells beyond its subjects: plain JSON; never a secret, never a token. No entry has a value here. */
  readonly data?: Data;
}

/** An entry of an event that commits with its cause. */
export const withCause = <Data>(meaning: string): EventEntry<Data> => ({ meaning, written: 'with_cause' });
/** An entry of a frequent event. */
export const batched = <Data>(meaning: string): EventEntry<Data> => ({ meaning, written: 'batched' });
/** An entry of an event of which only the number is written. */
export const counted = <Data>(meaning: string): EventEntry<Data> => ({ meaning, written: 'counted' });
