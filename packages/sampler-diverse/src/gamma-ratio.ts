/** Coefficients of Gamma(x + 1/2) / (Gamma(x) sqrt(x)) in powers of 1/x; DLMF 5.11.13. */
const EXPANSION = [
  1,
  -1 / 8,
  1 / 128,
  5 / 1024,
  -21 / 32768,
  -399 / 262144,
  869 / 4194304,
  39325 / 33554432,
  -334477 / 2147483648,
];

/**
 * Gamma(x + 1/2) / Gamma(x), relative error below 1e-15, without overflow.
 *
 * @param x - any number > 0.
 */
export function gammaRatio(x: number): number {
  // From x on upwards the expansion is exact; below, ratio(x) = ratio(x + 1) x / (x + 1/2).
  let factor = 1;
  let shifted = x;
  for (; shifted < 30; shifted++) factor *= shifted / (shifted + 0.5);
  let sum = 0;
  for (let power = EXPANSION.length - 1; power >= 0; power--) sum = sum / shifted + EXPANSION[power]!;
  return factor * Math.sqrt(shifted) * sum;
}
