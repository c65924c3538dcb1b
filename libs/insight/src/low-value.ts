import { bucketCount, bucketEdges, bucketEnd, bucketMiddle, sumOf } from './counts.js';
import { widthOf } from './survival.js';

/** Silences that a clock has ended and not a person: a client refreshes in the background, at one length over and over. */
export interface ClockworkShare {
  /** Their share of all silences, 0 to 1. */
  readonly share: number;
  /** The length at which they stand out, in seconds; if none does, the lifetime of an access token. */
  readonly at: number;
}

/** Clients refresh between half of an access token's life and shortly after it. */
const earliestRefresh = 0.5;
const latestRefresh = 1.1;
/** A band is this wide to either side of its middle: jitter, timers and the network spread what was sent by a clock. */
const spread = 0.12;
/** On each side, buckets within this factor beyond the band say what would be there without a clock. */
const neighbourhood = 1.8;
/** An excess that chance alone may bring, in standard deviations. */
const chance = 4;

/**
 * The silences in a narrow band of lengths above what the lengths beside it predict on a log-linear scale. The band is the one with the
 * largest excess among those in which a client would refresh.
 */
export function clockworkShare(returned: Float64Array, accessTokenLifetime: number): ClockworkShare {
  const total = sumOf(returned);
  let found: ClockworkShare = { share: 0, at: accessTokenLifetime };
  if (total === 0) return found;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const middle = bucketMiddle(bucket);
    if (middle < accessTokenLifetime * earliestRefresh || middle > accessTokenLifetime * latestRefresh)
      continue;
    const share = excessAround(returned, middle) / total;
    if (share > found.share) found = { share, at: middle };
  }
  return found;
}

function excessAround(returned: Float64Array, middle: number): number {
  const from = middle * (1 - spread);
  const to = middle * (1 + spread);
  const below = densityBetween(returned, from / neighbourhood, from);
  const above = densityBetween(returned, to, to * neighbourhood);
  const expected = Math.sqrt(below * above) * widthBetween(from, to);
  const excess = countBetween(returned, from, to) - expected;
  return excess > chance * Math.sqrt(expected + 1) ? excess : 0;
}

/** The buckets that lie in a band: those whose middle does. */
const bucketsBetween = (from: number, to: number): number[] =>
  Array.from({ length: bucketCount }, (_, bucket) => bucket).filter(
    (bucket) =>
      bucketEnd(bucket) > from &&
      bucketEdges[bucket]! < to &&
      bucketMiddle(bucket) >= from &&
      bucketMiddle(bucket) < to,
  );

const countBetween = (counts: Float64Array, from: number, to: number): number =>
  bucketsBetween(from, to).reduce((sum, bucket) => sum + counts[bucket]!, 0);

const widthBetween = (from: number, to: number): number =>
  bucketsBetween(from, to).reduce((sum, bucket) => sum + widthOf(bucket), 0);

const densityBetween = (counts: Float64Array, from: number, to: number): number => {
  const width = widthBetween(from, to);
  return width === 0 ? 0 : countBetween(counts, from, to) / width;
};
