/** The timeouts an operator is likely to choose, in seconds: counts are exact at these. */
const chosen = [
  60, 120, 180, 300, 600, 900, 1_200, 1_800, 2_700, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400,
];
/** Powers of 2^(1/4) from one second to 29 days. */
const powers = Array.from({ length: 86 }, (_, quarter) => 2 ** (quarter / 4));

/**
 * The lower bound of each bucket, in seconds. A bucket ends where the next one begins; the last has no end, the first also holds what is
 * shorter.
 */
export const bucketEdges: readonly number[] = [...new Set([...powers, ...chosen])].sort((a, b) => a - b);

/** How many buckets a histogram of lengths of time has. */
export const bucketCount = bucketEdges.length;

/** Upper edge of a bucket in seconds; Infinity for the last one. */
export const bucketEnd = (bucket: number): number => bucketEdges[bucket + 1] ?? Number.POSITIVE_INFINITY;

const edgesMs = Float64Array.from(bucketEdges, (edge) => edge * 1_000);
/** For each number of leading zeros of a length in milliseconds, the last bucket that certainly begins no later. */
const startOf = Uint8Array.from({ length: 33 }, (_, zeros) => searched(zeros >= 32 ? 0 : 2 ** (31 - zeros)));
/** The longest length that fits the table, in milliseconds: 49 days. */
const longestMs = 2 ** 32 - 1;

function searched(milliseconds: number): number {
  let bucket = 0;
  while (bucket + 1 < edgesMs.length && edgesMs[bucket + 1]! <= milliseconds) bucket++;
  return bucket;
}

/** The bucket of a length of time: the last one that begins at or before it. At most six comparisons and no allocation. */
export function bucketOf(milliseconds: number): number {
  let bucket = startOf[Math.clz32(Math.min(milliseconds, longestMs))]!;
  while (bucket + 1 < edgesMs.length && edgesMs[bucket + 1]! <= milliseconds) bucket++;
  return bucket;
}

/**
 * A length that stands for the contents of a bucket, in seconds: its middle on a logarithmic scale. The last bucket is taken for one
 * quarter-octave wide.
 */
export const bucketMiddle = (bucket: number): number => {
  const begin = bucketEdges[bucket]!;
  const end = bucketEdges[bucket + 1] ?? begin * 2 ** 0.25;
  return bucket === 0 ? begin / 2 + end / 4 : Math.sqrt(begin * end);
};

/** Which share of a bucket's contents is at least `length` seconds long: exact at the edges, evenly spread on a logarithmic scale between. */
export function shareBeyond(bucket: number, length: number): number {
  const begin = bucketEdges[bucket]!;
  const end = bucketEdges[bucket + 1] ?? begin * 2 ** 0.25;
  if (length <= begin) return 1;
  return length >= end ? 0 : Math.log(end / length) / Math.log(end / begin);
}
