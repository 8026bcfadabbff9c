import { complementaryErrorFunction, errorFunction } from "./error-function.ts";
import { nodeAngle, nodeRatio, QUADRATURE_STEP } from "./half-line-quadrature.ts";
import type { TargetPotential } from "./target.ts";

/**
 * Potential of the uniform distribution on the interval [minimum, minimum + 2 half], in closed form. For a = 0 and x in
 * [-1, 1]: E |x - U| = (x^2 + 1) / 2.
 */
export function linePotential(minimum: number, half: number): TargetPotential {
  return {
    add: ({ values: x, rows }, smoothing, { values, gradients }, curvatures) => {
      for (let row = 0; row < rows; row++) {
        const upper = x[row]! - minimum;
        const lower = upper - 2 * half;
        const upperRoot = Math.hypot(upper, smoothing);
        const lowerRoot = Math.hypot(lower, smoothing);
        values[row]! += (rootIntegral(upper, smoothing) - rootIntegral(lower, smoothing)) / (2 * half) - smoothing;
        // (upperRoot - lowerRoot) / (2 half) with the difference of the squares, 4 half (x - middle), divided out.
        const slope = 2 / (upperRoot + lowerRoot);
        gradients[row]! += slope * (upper - half);
        curvatures[row]! += slope;
      }
    },
    // The density of |U - U'| falls linearly from 0 to 2 half.
    selfEnergy: (smoothing) => {
      const width = 2 * half;
      const root = Math.hypot(width, smoothing);
      const cubes = (root ** 3 - smoothing ** 3) / 3;
      return (2 / width) * rootIntegral(width, smoothing) - (2 / width ** 2) * cubes - smoothing;
    },
  };
}

/** Integral of sqrt(t^2 + a^2) from 0 to `end`. */
function rootIntegral(end: number, smoothing: number): number {
  const product = end * Math.hypot(end, smoothing);
  return smoothing === 0 ? product / 2 : (product + smoothing * smoothing * Math.asinh(end / smoothing)) / 2;
}

/**
 * Potential of the uniform distribution on a cube of more than one dimension. The Laplace transform of |x - U|^2 is a
 * product over coordinates, which on [-1, 1] and with t = w^2 are
 *
 *   g(w, x) = sqrt(pi) / (4 w) [erf(w (1 + x)) + erf(w (1 - x))]
 *
 * so one integral over w gives any power of the distance, as for the normal distribution. Exact to 1e-11.
 */
export function cubePotential(dimension: number, minimum: number, half: number): TargetPotential {
  return {
    add: ({ values: x, rows }, smoothing, { values, gradients }, curvatures) => {
      const scaled = new Float64Array(dimension);
      const gradient = new Float64Array(dimension);
      for (let row = 0; row < rows; row++) {
        const offset = row * dimension;
        for (let column = 0; column < dimension; column++) {
          scaled[column] = (x[offset + column]! - minimum) / half - 1;
        }
        const { value, curvature } = integrate(scaled, smoothing / half, gradient);
        values[row]! += half * value;
        curvatures[row]! += curvature / half;
        for (let column = 0; column < dimension; column++) gradients[offset + column]! += gradient[column]!;
      }
    },
    selfEnergy: (smoothing) => half * selfEnergy(dimension, smoothing / half),
  };
}

/** E k_a(x - U) and E 1 / sqrt(|x - U|^2 + a^2) on [-1, 1]^L; writes the gradient. */
function integrate(
  x: Float64Array,
  smoothing: number,
  gradient: Float64Array,
): { readonly value: number; readonly curvature: number } {
  const mean = x.reduce((sum, coordinate) => sum + coordinate * coordinate + 1 / 3, 0);
  const root = Math.sqrt(mean + smoothing * smoothing);
  const logDerivatives = new Float64Array(x.length);
  let value = 0;
  let curvature = 0;
  gradient.fill(0);
  for (let node = 0; ; node++) {
    const w = nodeRatio(node) / root;
    const t = w * w;
    const width = nodeAngle(node);
    let phi = Math.exp(-smoothing * smoothing * t);
    for (let column = 0; column < x.length; column++) {
      const upper = 1 + x[column]!;
      const lower = 1 - x[column]!;
      const transform = (Math.sqrt(Math.PI) / (4 * w)) * intervalMass(w * upper, w * lower);
      phi *= transform;
      const rise = 0.5 * (Math.exp(-t * upper * upper) - Math.exp(-t * lower * lower));
      logDerivatives[column] = transform > 0 ? rise / transform : 0;
    }
    value += ((phi - Math.exp(-root * root * t)) / t) * width;
    curvature += phi * width;
    const gradientFactor = (phi / t) * width;
    for (let column = 0; column < x.length; column++) gradient[column]! -= gradientFactor * logDerivatives[column]!;
    if (phi * width <= curvature * 1e-17) break;
  }
  const scale = QUADRATURE_STEP / (root * Math.sqrt(Math.PI));
  for (let column = 0; column < x.length; column++) gradient[column]! *= scale;
  return { value: mean / (root + smoothing) - scale * value, curvature: 2 * scale * curvature };
}

/** erf(upper) + erf(lower), without cancellation where one of them is negative (a point outside of the interval). */
function intervalMass(upper: number, lower: number): number {
  if (lower < -0.5) return complementaryErrorFunction(-lower) - complementaryErrorFunction(upper);
  if (upper < -0.5) return complementaryErrorFunction(-upper) - complementaryErrorFunction(lower);
  return errorFunction(upper) + errorFunction(lower);
}

/** E k_a(U - U') on [-1, 1]^L. */
function selfEnergy(dimension: number, smoothing: number): number {
  const mean = (2 / 3) * dimension;
  const root = Math.sqrt(mean + smoothing * smoothing);
  let value = 0;
  for (let node = 0; ; node++) {
    const w = nodeRatio(node) / root;
    const t = w * w;
    const transform = (Math.sqrt(Math.PI) / (2 * w)) * errorFunction(2 * w) + Math.expm1(-4 * t) / (4 * t);
    const phi = Math.exp(-smoothing * smoothing * t) * transform ** dimension;
    const term = ((phi - Math.exp(-root * root * t)) / t) * nodeAngle(node);
    value += term;
    if (node > 30 && Math.abs(term) <= Math.abs(value) * 1e-17) break;
  }
  return mean / (root + smoothing) - (QUADRATURE_STEP / (root * Math.sqrt(Math.PI))) * value;
}
