import type { RandomKey } from "@divgen/random";
import { type AvoidedPoints, checkAvoided } from "./avoided-points.ts";
import { createCompressionProblem } from "./compression-problem.ts";
import type { DiverseSampler } from "./diverse-sampler.ts";
import { assertPositiveInteger, type Points } from "./points.ts";
import { exactSampler } from "./samplers/compression.ts";
import type { Target } from "./target.ts";

/** What a draw needs besides the target. */
export interface DrawOptions {
  readonly key: RandomKey;
  /** @defaultValue exactSampler() */
  readonly sampler?: DiverseSampler;
  /** Points that were drawn before: old and new ones together represent the target, so new ones stay away from them. */
  readonly avoid?: AvoidedPoints;
  /** Whether to compute `squaredDistance`, in count^2 time; @defaultValue true */
  readonly measure?: boolean;
}

/** Points drawn together. */
export interface DiverseSample {
  readonly points: Points<Float64Array>;
  /** Shares of the points, summing to 1; equal unless they were trained. */
  readonly weights: Float64Array;
  /**
   * Squared kernel distance (a = 0) of the points, together with the avoided ones, to the target: half the energy distance.
   * Undefined for a target without exact potential, and if not asked for.
   */
  readonly squaredDistance: number | undefined;
  /** Name of the method. */
  readonly method: string;
  /** Iterations of the start that won; 0 for methods without. */
  readonly iterations: number;
  /** Whether the method's tolerance was reached; true for methods without. */
  readonly converged: boolean;
}

/**
 * Draws points that represent a target together, instead of one by one.
 *
 *     const { points } = drawDiverse(standardNormal(2), 10, { key: randomKey(7) });
 *     const more = drawDiverse(standardNormal(2), 10, { key: randomKey(8), avoid: { points } });
 *
 * @param count - J >= 1.
 * @returns points owned by the caller; the same key gives the same points.
 * @throws RangeError for a count that is no positive integer, avoided points that cannot be used, or a method that does not
 * suit the target.
 */
export function drawDiverse(
  target: Target,
  count: number,
  { key, sampler = exactSampler(), avoid, measure = true }: DrawOptions,
): DiverseSample {
  assertPositiveInteger(count, "count");
  const avoided = avoid === undefined ? undefined : checkAvoided(avoid, target.dimension, count);
  const outcome = sampler.draw({ target, count, key, avoided });
  const { positions, shares = new Float64Array(count).fill(1 / count), iterations = 0, converged = true } = outcome;
  const wrong = positions.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new RangeError(`${sampler.name}: reached ${positions[wrong]} in row ${Math.floor(wrong / target.dimension)}`);
  }
  const measured = measure && target.potential !== undefined;
  return {
    points: { values: positions, rows: count, columns: target.dimension },
    weights: shares,
    squaredDistance: measured
      ? createCompressionProblem(target, count, 0, avoided).evaluate({ positions, shares }).squaredDistance
      : undefined,
    method: sampler.name,
    iterations,
    converged,
  };
}
