/**
 * Probability that a standard normal variable exceeds z, with a relative error below 1e-13.
 *
 * @param z - any number >= 0.
 */
export function standardNormalTail(z: number): number {
  if (z < 3) return 0.5 - centralProbability(z);
  // Continued fraction of Laplace, evaluated from far out.
  let fraction = 0;
  for (let k = 200; k >= 1; k--) fraction = k / (z + fraction);
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / (z + fraction);
}

/** P(0 <= Z <= z) by the all-positive series phi(z) (z + z^3 / 3 + z^5 / 15 + ...). */
function centralProbability(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 3; term > sum * 1e-17; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
