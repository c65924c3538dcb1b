import type { Assumption } from './assumption.js';
import { bucketCount, bucketEdges, bucketEnd } from './buckets.js';
import { type Counts, countWithin, sumOf } from './counts.js';
import { seenVisits } from './visits.js';

/** Two minutes without activity are taken for presence: somebody reads, thinks or answers the telephone. */
export const presenceSeconds = 120;

/**
 * Unattended, usable hours: the time in which sessions were alive while nobody had been active for two minutes, if the inactivity timeout were
 * `candidate` seconds. E(T′) = ∫ N(t) dt from two minutes to T′, N(t) the number of silences that last at least t.
 */
export function exposureHours(
  counts: Counts,
  inForce: number,
  candidate: number,
  assumption: Assumption,
): number {
  const seen = seenVisits(counts, inForce, assumption);
  if (!seen) return 0;
  const { visits, rateBeyond, under } = seen;
  const { span, gaveUp } = under(candidate);
  // The last silence of a visit has no end, unless its session was ended otherwise.
  const last = visits * (1 - gaveUp);
  const endedOtherwise = Math.min(
    1,
    sumOf(counts.censored) / Math.max(visits * (1 - under(inForce).gaveUp), 1),
  );
  const censored = sumOf(counts.censored);
  const lasting = (length: number) => {
    const gone = censored === 0 ? 0 : (countWithin(counts.censored, length) / censored) * endedOtherwise;
    return visits * rateBeyond(length) * span + last * (1 - gone);
  };
  let total = 0;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const begin = Math.max(bucketEdges[bucket]!, presenceSeconds);
    const end = Math.min(bucketEnd(bucket), candidate);
    if (end > begin) total += ((lasting(begin) + lasting(end)) / 2) * (end - begin);
  }
  return total / 3_600;
}
