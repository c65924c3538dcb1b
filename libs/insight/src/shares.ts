import { type Estimate, normal95 } from './jackknife.js';

/** A share with Wilson's 95 % interval (1927), which holds for few and for none; a share of nothing is unknown. */
export function shareEstimate(part: number, whole: number): Estimate {
  if (whole === 0) return { value: 0, low: 0, high: 1 };
  const share = part / whole;
  const square = normal95 ** 2 / whole;
  const middle = share + square / 2;
  const half = normal95 * Math.sqrt((share * (1 - share)) / whole + square / (4 * whole));
  return {
    value: share,
    low: Math.max(0, (middle - half) / (1 + square)),
    high: Math.min(1, (middle + half) / (1 + square)),
  };
}
