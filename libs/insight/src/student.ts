/** Logarithm of the gamma function (Lanczos' approximation, g = 7). */
function logGamma(x: number): number {
  const coefficients = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const [first, ...others] = coefficients as [number, ...number[]];
  const y = x - 1;
  const sum = others.reduce((total, coefficient, index) => total + coefficient / (y + index + 1), first);
  const t = y + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** How finely the density is added up. */
const steps = 2_000;

/** The probability that a variable of Student's distribution exceeds `t`, by Simpson's rule over its density. */
export function studentTail(t: number, freedom: number): number {
  const scale = Math.exp(logGamma((freedom + 1) / 2) - logGamma(freedom / 2)) / Math.sqrt(freedom * Math.PI);
  const density = (x: number) => scale * (1 + (x * x) / freedom) ** (-(freedom + 1) / 2);
  const width = t / steps;
  let sum = density(0) + density(t);
  for (let step = 1; step < steps; step++) sum += density(step * width) * (step % 2 === 1 ? 4 : 2);
  return Math.max(0, 0.5 - (sum * width) / 3);
}

/** The value that a variable of Student's distribution exceeds with the probability `tail`, 0 < tail < 0.5. */
export function studentQuantile(tail: number, freedom: number): number {
  let low = 0;
  let high = 100;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (studentTail(middle, freedom) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
