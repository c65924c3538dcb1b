interface Range {
  readonly type: string;
  readonly quality: number;
  /** How exactly a range names a type (RFC 9110 §12.5.1). */
  readonly exactness: number;
  readonly place: number;
}

function rangeOf(text: string, place: number): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((one) => one.startsWith('q='))?.slice(2);
  const exactness = type === '*/*' ? 0 : type.endsWith('/*') ? 1 : 2;
  return { type, quality: quality === undefined ? 1 : Number(quality), exactness, place };
}

function rangeFor(type: string, ranges: readonly Range[]): Range | undefined {
  const matches = ({ type: range, exactness }: Range) =>
    exactness === 0 || range === type || (exactness === 1 && type.startsWith(range.slice(0, -1)));
  return ranges.filter(matches).sort((a, b) => b.exactness - a.exactness || a.place - b.place)[0];
}

/** Whether a client wants one media type rather than the other (RFC 9110 §12.5.1); if it does not care, it gets the other. */
export function prefers(accept: string, type: string, other: string): boolean {
  const ranges = accept.split(',').map(rangeOf);
  const [wanted, usual] = [rangeFor(type, ranges), rangeFor(other, ranges)];
  if (!wanted || !(wanted.quality > 0)) return false;
  if (!usual || !(usual.quality > 0) || wanted.quality !== usual.quality)
    return !usual || !(usual.quality > 0) || wanted.quality > usual.quality;
  return (
    wanted.exactness > usual.exactness || (wanted.exactness === usual.exactness && wanted.place < usual.place)
  );
}
