import type { RandomKey } from "@divgen/random";
import type { KernelSums } from "./kernel-sums.ts";
import type { Points } from "./points.ts";

/** A distribution that points are drawn to represent. */
export interface Target {
  /** For reports, such as "standard-normal". */
  readonly name: string;
  /** Number of values of a point. */
  readonly dimension: number;
  /** Root mean squared distance of a draw from the mean: what "far" means here. Stopping rules are relative to it. */
  readonly scale: number;
  /** Independent draws, [count, dimension], row after row; owned by the caller. */
  sample(key: RandomKey, count: number): Float64Array;
  /** Exact potential, where there is one; optimisers that need no batches ask for it. */
  readonly potential?: TargetPotential;
  /** Moves rows back to where the distribution lives (onto a sphere, into a cube), in place. */
  project?(values: Float64Array): void;
  /** Quasi-random points for the distribution, made of uniform ones. */
  readonly uniformMap?: UniformMap;
  /** Gradients of the log density, [row, dimension], owned by the caller; Stein points ask for them. */
  score?(points: Points): Float64Array;
}

/** The kernel potential of a distribution, k_a(x) = sqrt(|x|^2 + a^2) - a. */
export interface TargetPotential {
  /**
   * Adds E k_a(x - Z) and its gradient for every row x, and to `curvatures` a number h >= 0 a row such that
   * E k_a(y - Z) <= value + gradient (y - x) + h |y - x|^2 / 2 wherever the target lets points be: the step size of the fixed point is 1 / h.
   */
  add(points: Points<Float64Array>, smoothing: number, sums: KernelSums, curvatures: Float64Array): void;
  /** E k_a(Z - Z') of two independent draws. */
  selfEnergy(smoothing: number): number;
}

/** Turns points of the unit cube into points of a distribution; uniform ones become draws. */
export interface UniformMap {
  /** Uniform numbers a point needs. */
  readonly dimension: number;
  /** @param uniforms - [count, this dimension], in (0, 1). */
  map(uniforms: Float64Array, count: number): Float64Array;
}
