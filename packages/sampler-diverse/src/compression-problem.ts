import type { CheckedAvoided } from "./avoided-points.ts";
import { addCrossKernel, addPairKernel, createKernelSums, type KernelSums, pairEnergy } from "./kernel-sums.ts";
import type { Points } from "./points.ts";
import type { Target, TargetPotential } from "./target.ts";

/** Positions and shares of new points: the unknowns of a compression. */
export interface PointMasses {
  /** [point, dimension] */
  readonly positions: Float64Array;
  /** Shares of the new points in their common mass, summing to 1. */
  readonly shares: Float64Array;
}

/** The objective and its derivatives at some positions. */
export interface Evaluation {
  /** d^2 of old and new points together to the target, >= 0 up to rounding. */
  readonly squaredDistance: number;
  /** Size of the terms that d^2 is the small difference of: rounding is about 1e-16 of it. */
  readonly magnitude: number;
  /** alpha_j, the masses of the new points. */
  readonly masses: Float64Array;
  /** D_j, derivatives of d^2 by alpha_j. */
  readonly massGradients: Float64Array;
  /** [point, dimension], derivatives of D_j by X_j: those of d^2, divided by alpha_j. */
  readonly gradients: Float64Array;
  /** h_j: the step -gradient_j / h_j never raises d^2. */
  readonly curvatures: Float64Array;
}

/**
 * Squared kernel distance of new points X with masses alpha, together with old points Y with masses beta, to a target mu
 * with potential U:
 *
 *   d^2 = sum_j alpha_j U(X_j) + sum_i beta_i U(Y_i)
 *         - 1/2 [ sum_jj' alpha_j alpha_j' k(X_j - X_j') + 2 sum_ji alpha_j beta_i k(X_j - Y_i) + sum_ii' beta_i beta_i' k(Y_i - Y_i') ]
 *         - 1/2 E k(Z - Z')
 *
 * An old point has the mass w_i / n and the new ones J / n together, n = J + sum_i w_i.
 *
 * @see Turinici, "Diversity aware image generation", eq. 1 and remark 2.
 */
export interface CompressionProblem {
  readonly target: Target;
  readonly count: number;
  readonly smoothing: number;
  /** J / n */
  readonly newMass: number;
  evaluate(state: PointMasses): Evaluation;
  /** Adds minus the potential of the points themselves and of the old ones, which has no need of the target. */
  addRepulsion(points: Points<Float64Array>, masses: Float64Array, sums: KernelSums): void;
}

/** @throws RangeError from `evaluate` if the target has no exact potential. */
export function createCompressionProblem(
  target: Target,
  count: number,
  smoothing: number,
  avoided: CheckedAvoided | undefined,
): CompressionProblem {
  const columns = target.dimension;
  const total = count + (avoided?.weights.reduce((sum, weight) => sum + weight, 0) ?? 0);
  const newMass = count / total;
  const old = avoided && { points: avoided.points, masses: avoided.weights.map((weight) => weight / total) };
  const addOld = (points: Points<Float64Array>, sums: KernelSums): void => {
    if (old !== undefined) addCrossKernel(points, old.points, old.masses, smoothing, -1, sums);
  };
  let constant: number | undefined;
  return {
    target,
    count,
    smoothing,
    newMass,
    addRepulsion: (points, masses, sums) => {
      addOld(points, sums);
      addPairKernel(points, masses, smoothing, -1, sums);
    },
    evaluate: ({ positions, shares }) => {
      const potential = potentialOf(target);
      constant ??= oldEnergy(potential, old, smoothing) - 0.5 * potential.selfEnergy(smoothing);
      const points = { values: positions, rows: count, columns };
      const masses = shares.map((share) => newMass * share);
      const sums = createKernelSums(count, columns);
      const curvatures = new Float64Array(count);
      potential.add(points, smoothing, sums, curvatures);
      const magnitude = inner(masses, sums.values) + Math.abs(constant);
      addOld(points, sums);
      const withoutPairs = inner(masses, sums.values);
      addPairKernel(points, masses, smoothing, -1, sums);
      const squaredDistance = 0.5 * (withoutPairs + inner(masses, sums.values)) + constant;
      return { squaredDistance, magnitude, masses, massGradients: sums.values, gradients: sums.gradients, curvatures };
    },
  };
}

/** @throws RangeError saying what to do where there is none. */
export function potentialOf({ name, potential }: Target): TargetPotential {
  if (potential === undefined) {
    throw new RangeError(
      `target ${name}: has no exact potential; take the stochastic method, or freezeTarget(target, key, count)`,
    );
  }
  return potential;
}

/** sum_i beta_i U(Y_i) - 1/2 sum_ii' beta_i beta_i' k(Y_i - Y_i') */
function oldEnergy(
  potential: TargetPotential,
  old: { readonly points: Points<Float64Array>; readonly masses: Float64Array } | undefined,
  smoothing: number,
): number {
  if (old === undefined) return 0;
  const sums = createKernelSums(old.points.rows, old.points.columns);
  potential.add(old.points, smoothing, sums, new Float64Array(old.points.rows));
  return inner(old.masses, sums.values) - 0.5 * pairEnergy(old.points, old.masses, smoothing);
}

function inner(first: Float64Array, second: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < first.length; index++) sum += first[index]! * second[index]!;
  return sum;
}

/** Positions after the step of the fixed point, X_j - gradient_j / h_j, projected to where the target lives. */
export function fixedPointStep(
  target: Target,
  positions: Float64Array,
  { gradients, curvatures }: Evaluation,
): Float64Array {
  const columns = target.dimension;
  const next = new Float64Array(positions.length);
  for (let row = 0; row < curvatures.length; row++) {
    const curvature = curvatures[row]!;
    for (let index = row * columns; index < (row + 1) * columns; index++) {
      next[index] = positions[index]! - (curvature > 0 ? gradients[index]! / curvature : 0);
    }
  }
  target.project?.(next);
  return next;
}

/** The longest displacement of a point. */
export function longestStep(from: Float64Array, to: Float64Array, columns: number): number {
  let longest = 0;
  for (let start = 0; start < from.length; start += columns) {
    let squared = 0;
    for (let index = start; index < start + columns; index++) squared += (to[index]! - from[index]!) ** 2;
    longest = Math.max(longest, squared);
  }
  return Math.sqrt(longest);
}
