/** A bar of the picture, in its units: a thousand across, two hundred up. */
export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly height: number;
}

interface Bucket {
  readonly from_seconds: number;
  readonly to_seconds: number | null;
  readonly returned: number;
  readonly came_back: number;
}

/** The picture spans a second to a day; ratios are as long everywhere on it. Seconds. */
const longest = 86_400;
const across = 1_000;
const up = 190;

/** The place of a length of time on the picture. */
export const markAt = (seconds: number): number =>
  (across * Math.log(Math.min(longest, Math.max(1, seconds)))) / Math.log(longest);

/** The lengths at the foot of the picture; each is a class of the style sheet, since styles of an element are refused. */
export const ticks = [1, 10, 60, 600, 3_600, 28_800, 86_400].map((seconds, place) => ({ seconds, place }));

/** The bars of one kind. A bar is as tall as its count for its width, so that narrow buckets do not look empty. */
export function barsOf(curve: readonly Bucket[], kind: 'returned' | 'came_back'): readonly Bar[] {
  const shapes = curve.map((bucket) => {
    const x = markAt(bucket.from_seconds);
    const width = Math.max(1, markAt(bucket.to_seconds ?? longest) - x);
    return { x, width, density: bucket[kind] / width };
  });
  const tallest = Math.max(...shapes.map(({ density }) => density), Number.MIN_VALUE);
  return shapes
    .filter(({ density }) => density > 0)
    .map(({ x, width, density }) => ({ x, width, height: Math.max(1, (density / tallest) * up) }));
}
