import type { DiverseSampler } from "../diverse-sampler.ts";
import { assertPositive, assertPositiveInteger } from "../points.ts";
import { type CandidateOptions, leastCostPoint } from "./candidates.ts";

/** How Stein points are found. */
export interface SteinOptions extends CandidateOptions {
  /** c of the kernel (c^2 + |x - y|^2)^(-1/2); @defaultValue 1 */
  readonly scale?: number;
}

/**
 * Stein points: one after the other, each at the least of k0(x, x) / 2 + sum_i k0(x, x_i), where k0 is the Stein kernel of the
 * inverse multiquadric. Needs only the gradient of the log density, which may lack its normalisation.
 *
 * @see Chen, Mackey, Gorham, Briol and Oates, "Stein points", ICML 2018 (greedy form).
 */
export function steinSampler({ candidates = 512, refinements = 200, scale = 1 }: SteinOptions = {}): DiverseSampler {
  assertPositiveInteger(candidates, "candidates");
  assertPositive(scale, "scale");
  return {
    name: "stein",
    draw: ({ target, count, key, avoided }) => {
      const columns = target.dimension;
      const scoreOf = target.score?.bind(target);
      if (scoreOf === undefined) {
        throw new RangeError(
          `target ${target.name}: has no score (gradient of the log density), which Stein points need`,
        );
      }
      const positions = new Float64Array(count * columns);
      const scores = new Float64Array(count * columns);
      const oldScores = avoided === undefined ? undefined : scoreOf(avoided.points);
      for (let row = 0; row < count; row++) {
        const costOf = (point: Float64Array): number => {
          const score = scoreOf({ values: point, rows: 1, columns });
          let cost = 0.5 * steinKernel(point, score, point, score, scale);
          for (let other = 0; other < row; other++) {
            const span = [other * columns, (other + 1) * columns] as const;
            cost += steinKernel(point, score, positions.subarray(...span), scores.subarray(...span), scale);
          }
          for (let old = 0; old < (avoided?.points.rows ?? 0); old++) {
            const span = [old * columns, (old + 1) * columns] as const;
            const kernel = steinKernel(
              point,
              score,
              avoided!.points.values.subarray(...span),
              oldScores!.subarray(...span),
              scale,
            );
            cost += avoided!.weights[old]! * kernel;
          }
          return cost;
        };
        const point = leastCostPoint(target, key.fold(row), { candidates, refinements }, costOf);
        positions.set(point, row * columns);
        scores.set(scoreOf({ values: point, rows: 1, columns }), row * columns);
      }
      return { positions };
    },
  };
}

/**
 * Stein kernel of k = q^(-1/2), q = c^2 + |x - y|^2, with s the score:
 *
 *   k0(x, y) = div_x div_y k + s(x) grad_y k + s(y) grad_x k + k s(x) s(y)
 *            = L q^(-3/2) - 3 |x - y|^2 q^(-5/2) + (s(x) - s(y)) (x - y) q^(-3/2) + s(x) s(y) q^(-1/2)
 */
export function steinKernel(
  first: Float64Array,
  firstScore: Float64Array,
  second: Float64Array,
  secondScore: Float64Array,
  scale: number,
): number {
  let squared = 0;
  let along = 0;
  let product = 0;
  for (let index = 0; index < first.length; index++) {
    const difference = first[index]! - second[index]!;
    squared += difference * difference;
    along += (firstScore[index]! - secondScore[index]!) * difference;
    product += firstScore[index]! * secondScore[index]!;
  }
  const q = scale * scale + squared;
  const kernel = 1 / Math.sqrt(q);
  return kernel * ((first.length + along) / q - (3 * squared) / (q * q) + product);
}
