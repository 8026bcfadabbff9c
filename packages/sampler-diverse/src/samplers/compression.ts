import { normalFloat64, type RandomKey } from "@divgen/random";
import { createCompressionProblem, type PointMasses, potentialOf } from "../compression-problem.ts";
import type { DiverseSampler, DrawRequest } from "../diverse-sampler.ts";
import { descendExactly } from "../exact-descent.ts";
import { descendByFixedPoint } from "../fixed-point-descent.ts";
import { assertColumns, assertPoints, assertPositiveInteger, assertSmoothing, type Points } from "../points.ts";
import type { CompressionResult } from "../stopping-rule.ts";

/** How points are compressed against the exact distance. */
export interface CompressionOptions {
  /** a of the kernel sqrt(|x|^2 + a^2) - a; @defaultValue 0 */
  readonly smoothing?: number;
  /**
   * Starts from different draws, of which the result of least distance counts. The distance has several local minima a
   * few percent apart. @defaultValue 4 while count^2 * dimension is at most 100,000, otherwise 1
   */
  readonly restarts?: number;
  /** Converged when no point would move more than this share of the target's scale. @defaultValue 1e-6 */
  readonly tolerance?: number;
  /**
   * Of each start. @defaultValue as many as 1.5e9 coordinate differences of pairs allow (about two seconds), at least 20,
   * at most 1,000 (exact) or 5,000 (fixed point)
   */
  readonly maxIterations?: number;
  /** Whether the points' shares are optimised too; @defaultValue false: all count the same */
  readonly trainWeights?: boolean;
  /** Where the first start begins, [count, dimension]; @defaultValue draws of the target */
  readonly initialPoints?: Points;
  /** Called with d^2 before every iteration, for progress and plots. */
  readonly onIteration?: (iteration: number, squaredDistance: number) => void;
}

/**
 * Measure compression by deterministic descent on the exact distance to the target (L-BFGS): the default, and the fastest.
 *
 * @see Turinici, "Diversity aware image generation", remark 2.
 */
export function exactSampler(options: CompressionOptions = {}): DiverseSampler {
  return compressionSampler("exact", descendExactly, 1_000, options);
}

/** Measure compression by the fixed point without step sizes: monotone, simple, slower near the optimum. */
export function fixedPointSampler(options: CompressionOptions = {}): DiverseSampler {
  return compressionSampler("fixed-point", descendByFixedPoint, 5_000, options);
}

const BUDGET = 1.5e9;

function compressionSampler(
  name: string,
  descend: typeof descendExactly,
  mostIterations: number,
  { smoothing = 0, tolerance = 1e-6, trainWeights = false, ...options }: CompressionOptions,
): DiverseSampler {
  assertSmoothing(smoothing);
  if (!(tolerance >= 0)) throw new RangeError(`tolerance: expected a number >= 0, got ${tolerance}`);
  if (options.restarts !== undefined) assertPositiveInteger(options.restarts, "restarts");
  if (options.maxIterations !== undefined) assertPositiveInteger(options.maxIterations, "maxIterations");
  return {
    name,
    draw: (request) => {
      const { target, count, key, avoided } = request;
      potentialOf(target);
      const problem = createCompressionProblem(target, count, smoothing, avoided);
      const work = count * count * target.dimension;
      const restarts = options.restarts ?? (work <= 1e5 ? 4 : 1);
      const maxIterations = options.maxIterations ?? Math.ceil(Math.max(20, Math.min(mostIterations, BUDGET / work)));
      const rule = { tolerance, maxIterations, onIteration: options.onIteration };
      let best: CompressionResult | undefined;
      for (let restart = 0; restart < restarts; restart++) {
        const initial = restart === 0 ? options.initialPoints : undefined;
        const result = descend(problem, startingMasses(request, key.fold(restart), initial), rule, trainWeights);
        if (best === undefined || result.squaredDistance! < best.squaredDistance!) best = result;
      }
      return best!;
    },
  };
}

/**
 * Points with equal shares to begin with: given ones, or draws. Draws are displaced a little, because points that
 * coincide with each other, with old ones or with rows of a data set exert no force on each other there.
 */
export function startingMasses(
  { target, count }: DrawRequest,
  key: RandomKey,
  initial: Points | undefined,
): PointMasses {
  const shares = new Float64Array(count).fill(1 / count);
  if (initial !== undefined) {
    assertPoints(initial, "initialPoints");
    assertColumns(initial, target.dimension, "initialPoints");
    if (initial.rows !== count) throw new RangeError(`initialPoints: expected ${count} rows, got ${initial.rows}`);
    const positions = Float64Array.from(initial.values);
    target.project?.(positions);
    return { positions, shares };
  }
  const positions = target.sample(key.split("start"), count);
  const standardDeviation = (1e-3 * target.scale) / Math.sqrt(target.dimension);
  const noise = normalFloat64(key.split("displacement"), positions.length, { standardDeviation });
  for (let index = 0; index < positions.length; index++) positions[index]! += noise[index]!;
  target.project?.(positions);
  return { positions, shares };
}
