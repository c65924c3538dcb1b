import { bucketMiddle, type Counts, sumOf } from './counts.js';

/** How many sessions a shorter absolute lifetime would have ended, and how often their people would have signed in again. */
export interface LifetimeOutcome {
  /** The share of sessions that reach the candidate. */
  readonly reached: number;
  /** Ends by the absolute lifetime for each session that was seen. */
  readonly ends: number;
}

/**
 * Sessions under an absolute lifetime of `candidate` seconds, told from the ages at which they ended. A session that lasts for three such
 * lifetimes is cut twice. Ages beyond the lifetime in force cannot be seen: a longer candidate only says how many reach it today.
 */
export function lifetimeUnder(
  { aged, aged_out: agedOut }: Pick<Counts, 'aged' | 'aged_out'>,
  candidate: number,
): LifetimeOutcome | undefined {
  const sessions = sumOf(aged) + sumOf(agedOut);
  if (sessions === 0) return undefined;
  let reached = 0;
  let ends = 0;
  for (const ages of [aged, agedOut]) {
    ages.forEach((count, bucket) => {
      const lifetimes = Math.floor(bucketMiddle(bucket) / candidate);
      ends += count * lifetimes;
      if (lifetimes > 0) reached += count;
    });
  }
  return { reached: reached / sessions, ends: ends / sessions };
}
