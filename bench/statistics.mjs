/** The middle value; of an even number the mean of the two middle ones. */
export function median(values) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value below which `fraction` of the sorted values lie (nearest rank). */
export const percentile = (sorted, fraction) =>
  sorted.length === 0
    ? Number.NaN
    : sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * fraction) - 1)];

/** Rounds to `digits` significant digits, for people to read. */
export const significant = (value, digits = 3) =>
  value === undefined || !Number.isFinite(value) ? value : Number(value.toPrecision(digits));
