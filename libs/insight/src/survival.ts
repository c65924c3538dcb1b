import { bucketCount, bucketEdges, bucketEnd, bucketMiddle, type Counts } from './counts.js';

/** The silences that reach a bucket: how many, and the share that lasts beyond it. */
export interface Survival {
  /** n_j: silences that reach bucket j. */
  readonly atRisk: Float64Array;
  /** h_j: the share of those that end by activity in it. */
  readonly hazard: Float64Array;
  /** S(t): the share of all silences that last beyond bucket j, were nothing cut. */
  readonly surviving: Float64Array;
}

/** Kaplan and Meier's estimate (1958) over buckets: silences that were cut or ended otherwise are censored at their length. */
export function kaplanMeier({
  returned,
  cut,
  censored,
}: Pick<Counts, 'returned' | 'cut' | 'censored'>): Survival {
  const atRisk = new Float64Array(bucketCount);
  const hazard = new Float64Array(bucketCount);
  const surviving = new Float64Array(bucketCount);
  let reached = 0;
  for (let bucket = bucketCount - 1; bucket >= 0; bucket--) {
    reached += returned[bucket]! + cut[bucket]! + censored[bucket]!;
    atRisk[bucket] = reached;
  }
  let share = 1;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const risk = atRisk[bucket]!;
    hazard[bucket] = risk === 0 ? 0 : returned[bucket]! / risk;
    share *= 1 - hazard[bucket]!;
    surviving[bucket] = share;
  }
  return { atRisk, hazard, surviving };
}

/** The least populated length between work and absence: a hint where a timeout cuts few people. */
export interface Valley {
  readonly seconds: number;
  /** How much deeper it is than the lower of the two hills beside it, 0 to 1. */
  readonly depth: number;
}

/** Halves of an octave around a bucket are averaged: single buckets are noisy. */
const smoothing = 2;

/** How many silences there are for each factor e of length, smoothed; returns after a cut are silences as well. */
export function densityOf({ returned, back }: Pick<Counts, 'returned' | 'back'>): Float64Array {
  const raw = returned.map((count, bucket) => (count + back[bucket]!) / widthOf(bucket));
  return raw.map((_, bucket) => {
    const from = Math.max(0, bucket - smoothing);
    const near = raw.slice(from, bucket + smoothing + 1);
    return near.reduce((sum, density) => sum + density, 0) / near.length;
  });
}

/** The width of a bucket on a logarithmic scale. */
export const widthOf = (bucket: number): number => {
  const end = bucketEnd(bucket);
  return Number.isFinite(end) ? Math.log(end / bucketEdges[bucket]!) : Math.log(2) / 4;
};

/**
 * The valley between silences at work and absences (Halfaker et al. 2014: silences are mixtures of log-normals). Undefined where the
 * curve has one hill only.
 */
export function valleyOf(
  counts: Pick<Counts, 'returned' | 'back'>,
  from = 120,
  to = 86_400,
): Valley | undefined {
  const density = densityOf(counts);
  let deepest: Valley | undefined;
  for (let bucket = 1; bucket < bucketCount - 1; bucket++) {
    const length = bucketMiddle(bucket);
    if (length < from || length > to) continue;
    const hills = Math.min(Math.max(...density.slice(0, bucket)), Math.max(...density.slice(bucket + 1)));
    const depth = hills === 0 ? 0 : 1 - density[bucket]! / hills;
    if (depth > (deepest?.depth ?? 0)) deepest = { seconds: length, depth };
  }
  return deepest;
}
