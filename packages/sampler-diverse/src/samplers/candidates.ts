import { normalFloat64, type RandomKey } from "@divgen/random";
import type { Target } from "../target.ts";

/** How a greedy method looks for its next point. */
export interface CandidateOptions {
  /** Draws of the target that the next point is chosen from; @defaultValue 512 */
  readonly candidates?: number;
  /** Random displacements that improve the chosen one, of falling size; @defaultValue 0 */
  readonly refinements?: number;
}

/**
 * The candidate of the least cost, then improved by displacements that shrink from a tenth of the target's scale to a
 * ten-thousandth.
 */
export function leastCostPoint(
  target: Target,
  key: RandomKey,
  { candidates = 512, refinements = 0 }: CandidateOptions,
  costOf: (point: Float64Array) => number,
): Float64Array {
  const columns = target.dimension;
  const drawn = target.sample(key.split("candidates"), candidates);
  let best = drawn.subarray(0, columns);
  let leastCost = Number.POSITIVE_INFINITY;
  for (let start = 0; start < drawn.length; start += columns) {
    const point = drawn.subarray(start, start + columns);
    const cost = costOf(point);
    if (cost < leastCost) [best, leastCost] = [point, cost];
  }
  const noise = normalFloat64(key.split("refinements"), refinements * columns);
  for (let step = 0; step < refinements; step++) {
    const size = (0.1 * target.scale * 1e-3 ** (step / refinements)) / Math.sqrt(columns);
    const point = best.map((value, column) => value + size * noise[step * columns + column]!);
    target.project?.(point);
    const cost = costOf(point);
    if (cost < leastCost) [best, leastCost] = [point, cost];
  }
  return best.slice();
}
