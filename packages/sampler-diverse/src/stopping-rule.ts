import type { PointMasses } from "./compression-problem.ts";

/** When a descent ends. */
export interface StoppingRule {
  /** It has converged when the fixed-point step of no point is longer than this share of the target's scale. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Called with d^2 before every iteration. */
  readonly onIteration?: ((iteration: number, squaredDistance: number) => void) | undefined;
}

/** Where a descent ended. */
export interface CompressionResult extends PointMasses {
  /** d^2 of old and new points together to the target; undefined where the target has no exact potential. */
  readonly squaredDistance: number | undefined;
  readonly iterations: number;
  /** Whether it ended by its tolerance and not by the number of iterations. */
  readonly converged: boolean;
}
