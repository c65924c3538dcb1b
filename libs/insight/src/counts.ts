// Counts of lengths of time: the buckets of a histogram, the kinds of histograms, and sums of them by fold of accounts.

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

/**
 * The kinds of counts, each a histogram of lengths of time. Silences: `returned` (ended by activity), `cut` (ended by the inactivity
 * timeout), `censored` (ended otherwise). After a cut: `back` (last activity to the next sign-in of the same account and client), `shown`,
 * `proved` and `resumed` (from the cut to the sign-in page, to an accepted password, to the new session). For whole sessions: `aged` (age
 * at any other end) and `aged_out` (age at the end by the absolute lifetime). `first` is the first sign-in of an account and client on a
 * day. While a canary runs: `reached` (the shorter timeout of its arms, once for the first silence of a visit that lasted so long) and
 * `rejoined` (the length of that silence, where the person came back).
 */
export const countKinds = [
  'returned',
  'cut',
  'censored',
  'back',
  'shown',
  'proved',
  'resumed',
  'aged',
  'aged_out',
  'first',
  'reached',
  'rejoined',
] as const;

/** One of the kinds of counts. */
export type CountKind = (typeof countKinds)[number];

/** Accounts are divided into this many folds by their id: leaving out one at a time gives intervals that respect that people repeat themselves. */
export const foldCount = 16;

/** The fold of an account: the last hexadecimal digit of its id, which is random in every version of UUID issued here. */
export function foldOf(accountId: string): number {
  const code = accountId.charCodeAt(accountId.length - 1);
  return (code <= 57 ? code - 48 : code - 87) & 15;
}

/** Histograms of every kind. */
export type Counts = Readonly<Record<CountKind, Float64Array>>;

/** Histograms of every kind, all zero. */
export const noCounts = (): Counts =>
  Object.fromEntries(countKinds.map((kind) => [kind, new Float64Array(bucketCount)])) as Counts;

/** Adds the second histogram to the first. */
export function addTo(sum: Float64Array, counts: ArrayLike<number>): void {
  for (let bucket = 0; bucket < sum.length; bucket++) sum[bucket]! += counts[bucket] ?? 0;
}

/** Counts by fold, and their sums. */
export class FoldedCounts {
  readonly folds: readonly Counts[] = Array.from({ length: foldCount }, noCounts);

  /** Adds a histogram of one kind to one fold. */
  add(fold: number, kind: CountKind, counts: ArrayLike<number>): void {
    addTo(this.folds[fold]![kind], counts);
  }

  /** The sum over all folds. */
  total(): Counts {
    const sum = noCounts();
    for (const counts of this.folds) for (const kind of countKinds) addTo(sum[kind], counts[kind]);
    return sum;
  }

  /** The sum over all folds but one, for each of them. Counts are whole numbers, so nothing is lost by taking one away. */
  withoutEach(): readonly Counts[] {
    const total = this.total();
    return this.folds.map((counts) => {
      const rest = noCounts();
      for (const kind of countKinds)
        for (let bucket = 0; bucket < bucketCount; bucket++)
          rest[kind][bucket] = total[kind][bucket]! - counts[kind][bucket]!;
      return rest;
    });
  }

  /** The largest share that one fold has of a kind: half of the accounts' silences in one fold say little about the others. */
  largestShare(kind: CountKind): number {
    const sums = this.folds.map((counts) => sumOf(counts[kind]));
    const total = sums.reduce((a, b) => a + b, 0);
    return total === 0 ? 0 : Math.max(...sums) / total;
  }
}

/** How many a histogram holds. */
export function sumOf(counts: Float64Array): number {
  let sum = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) sum += counts[bucket]!;
  return sum;
}

/** How many a histogram holds that are at least `length` seconds long. */
export function countBeyond(counts: Float64Array, length: number): number {
  let sum = 0;
  for (let bucket = counts.length - 1; bucket >= 0; bucket--) {
    if (bucketEnd(bucket) <= length) break;
    if (counts[bucket]! > 0) sum += counts[bucket]! * shareBeyond(bucket, length);
  }
  return sum;
}

/** For each bucket, how many a histogram holds from there on: `countBeyond` at every edge, in one pass. */
export function countsFromEdges(counts: Float64Array): Float64Array {
  const sums = new Float64Array(counts.length + 1);
  for (let bucket = counts.length - 1; bucket >= 0; bucket--)
    sums[bucket] = sums[bucket + 1]! + counts[bucket]!;
  return sums;
}

/** How many a histogram holds that are shorter than `length` seconds. */
export const countWithin = (counts: Float64Array, length: number): number =>
  sumOf(counts) - countBeyond(counts, length);

const middles = Float64Array.from({ length: bucketCount }, (_, bucket) => bucketMiddle(bucket));

/** The lengths a histogram holds, added up, in seconds. */
export function secondsIn(counts: Float64Array): number {
  let sum = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) sum += counts[bucket]! * middles[bucket]!;
  return sum;
}
