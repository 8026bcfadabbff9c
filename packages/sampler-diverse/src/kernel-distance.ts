import { potentialOf } from "./compression-problem.ts";
import { addCrossKernel, addPairKernel, createKernelSums, pairEnergy } from "./kernel-sums.ts";
import { assertColumns, assertPoints, assertSmoothing, normalizedWeights, type Points } from "./points.ts";
import type { Target } from "./target.ts";

/** Points with weights; shares in proportion to them sum to 1. */
export interface WeightedPoints {
  readonly points: Points;
  /** One a point, >= 0; @defaultValue equal ones */
  readonly weights?: ArrayLike<number>;
}

/** The kernel of a distance. */
export interface KernelOptions {
  /** a of k(x) = sqrt(|x|^2 + a^2) - a; @defaultValue 0 */
  readonly smoothing?: number;
}

/** A squared distance with its derivatives. */
export interface DistanceWithGradient {
  /** d^2 >= 0, up to rounding. */
  readonly squaredDistance: number;
  /** [point, dimension], derivatives of d^2 by the points of the first argument; a coinciding pair contributes 0. */
  readonly gradients: Float64Array;
}

/**
 * Squared kernel distance of two weighted point sets:
 *
 *   d^2 = sum_jb alpha_j beta_b k(X_j - z_b) - 1/2 sum_jj' alpha_j alpha_j' k(X_j - X_j') - 1/2 sum_bb' beta_b beta_b' k(z_b - z_b')
 *
 * with k(x) = sqrt(|x|^2 + a^2) - a: half the energy distance when a = 0.
 *
 * @returns zero for equal sets and only then.
 * @throws RangeError if the sets differ in dimension, or hold values or weights that cannot be used.
 * @see Turinici, "Diversity aware image generation", eq. 1.
 */
export function squaredKernelDistance(
  first: WeightedPoints,
  second: WeightedPoints,
  options: KernelOptions = {},
): number {
  return kernelDistanceGradient(first, second, options).squaredDistance;
}

/** The same with its derivatives by the points of the first set. */
export function kernelDistanceGradient(
  first: WeightedPoints,
  second: WeightedPoints,
  { smoothing = 0 }: KernelOptions = {},
): DistanceWithGradient {
  const from = checked(first, "first", smoothing);
  const to = checked(second, "second", smoothing);
  assertColumns(to.points, from.points.columns, "second");
  const sums = createKernelSums(from.points.rows, from.points.columns);
  addCrossKernel(from.points, to.points, to.weights, smoothing, 1, sums);
  return finish(from, sums, pairEnergy(to.points, to.weights, smoothing), smoothing);
}

/**
 * Squared kernel distance of weighted points to a target, exactly:
 *
 *   d^2 = sum_j alpha_j U(X_j) - 1/2 sum_jj' alpha_j alpha_j' k(X_j - X_j') - 1/2 E k(Z - Z'),   U(x) = E k(x - Z)
 *
 * @throws RangeError if the target has no exact potential or another dimension.
 */
export function squaredDistanceToTarget(from: WeightedPoints, target: Target, options: KernelOptions = {}): number {
  return targetDistanceGradient(from, target, options).squaredDistance;
}

/** The same with its derivatives by the points. */
export function targetDistanceGradient(
  from: WeightedPoints,
  target: Target,
  { smoothing = 0 }: KernelOptions = {},
): DistanceWithGradient {
  const weighted = checked(from, "points", smoothing);
  assertColumns(weighted.points, target.dimension, "points");
  const potential = potentialOf(target);
  const sums = createKernelSums(weighted.points.rows, target.dimension);
  potential.add(weighted.points, smoothing, sums, new Float64Array(weighted.points.rows));
  return finish(weighted, sums, potential.selfEnergy(smoothing), smoothing);
}

interface CheckedPoints {
  readonly points: Points<Float64Array>;
  readonly weights: Float64Array;
}

function checked({ points, weights }: WeightedPoints, name: string, smoothing: number): CheckedPoints {
  assertSmoothing(smoothing);
  assertPoints(points, name);
  return {
    points: { ...points, values: Float64Array.from(points.values) },
    weights: normalizedWeights(weights, points.rows, `${name} weights`),
  };
}

/** Takes the attraction to d^2 and its gradient. */
function finish(
  { points, weights }: CheckedPoints,
  sums: ReturnType<typeof createKernelSums>,
  selfEnergy: number,
  smoothing: number,
): DistanceWithGradient {
  let attraction = 0;
  for (let row = 0; row < points.rows; row++) attraction += weights[row]! * sums.values[row]!;
  addPairKernel(points, weights, smoothing, -1, sums);
  let both = attraction;
  for (let row = 0; row < points.rows; row++) both += weights[row]! * sums.values[row]!;
  const gradients = sums.gradients.map((value, index) => weights[Math.floor(index / points.columns)]! * value);
  return { squaredDistance: 0.5 * both - 0.5 * selfEnergy, gradients };
}
