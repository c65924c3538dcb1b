import type { Assumption } from './assumption.js';
import { bucketEnd, bucketOf, type Counts, countBeyond, countsFromEdges, sumOf } from './counts.js';
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
  const { visits, under } = seen;
  const { span, gaveUp } = under(candidate);
  // The last silence of a visit has no end, unless its session was ended otherwise.
  const last = visits * (1 - gaveUp);
  const censored = sumOf(counts.censored);
  const endedOtherwise = Math.min(1, censored / Math.max(visits * (1 - under(inForce).gaveUp), 1));
  const lasting = (rate: number, stillThere: number) =>
    visits * rate * span + last * (censored === 0 ? 1 : 1 - (1 - stillThere / censored) * endedOtherwise);
  const rates = seen.ratesFromEdges();
  const stillThere = countsFromEdges(counts.censored);
  let total = 0;
  let before = lasting(seen.rateBeyond(presenceSeconds), countBeyond(counts.censored, presenceSeconds));
  for (let bucket = bucketOf(presenceSeconds * 1_000), begin = presenceSeconds; begin < candidate; bucket++) {
    const end = Math.min(bucketEnd(bucket), candidate);
    const isEdge = end === bucketEnd(bucket);
    const after = isEdge
      ? lasting(rates[bucket + 1]!, stillThere[bucket + 1]!)
      : lasting(seen.rateBeyond(end), countBeyond(counts.censored, end));
    total += ((before + after) / 2) * (end - begin);
    [begin, before] = [end, after];
  }
  return total / 3_600;
}
