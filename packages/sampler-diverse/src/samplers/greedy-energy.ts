import { potentialOf } from "../compression-problem.ts";
import type { DiverseSampler } from "../diverse-sampler.ts";
import { createKernelSums } from "../kernel-sums.ts";
import { assertPositiveInteger } from "../points.ts";
import { type CandidateOptions, leastCostPoint } from "./candidates.ts";

/**
 * Points one after the other, each at the least of U(x) - 1/n sum_i |x - x_i| with n the points so far and this one: every
 * prefix represents the target, so the number of points may stay open.
 *
 * @see Chen, Welling and Smola, "Super-samples from kernel herding", UAI 2010, with the energy kernel.
 */
export function greedySampler({ candidates = 512, refinements = 200 }: CandidateOptions = {}): DiverseSampler {
  assertPositiveInteger(candidates, "candidates");
  return {
    name: "greedy",
    draw: ({ target, count, key, avoided }) => {
      const potential = potentialOf(target);
      const columns = target.dimension;
      const positions = new Float64Array(count * columns);
      const sums = createKernelSums(1, columns);
      const curvatures = new Float64Array(1);
      const history = avoided?.weights.reduce((sum, weight) => sum + weight, 0) ?? 0;
      for (let row = 0; row < count; row++) {
        const total = history + row + 1;
        const costOf = (point: Float64Array): number => {
          sums.values[0] = 0;
          potential.add({ values: point, rows: 1, columns }, 0, sums, curvatures);
          let near = sumOfDistances(point, positions, row);
          if (avoided !== undefined) {
            near += sumOfDistances(point, avoided.points.values, avoided.points.rows, avoided.weights);
          }
          return sums.values[0]! - near / total;
        };
        const point = leastCostPoint(target, key.fold(row), { candidates, refinements }, costOf);
        positions.set(point, row * columns);
      }
      return { positions };
    },
  };
}

function sumOfDistances(point: Float64Array, others: Float64Array, rows: number, weights?: Float64Array): number {
  let sum = 0;
  for (let row = 0, index = 0; row < rows; row++) {
    let squared = 0;
    for (let column = 0; column < point.length; column++, index++) squared += (point[column]! - others[index]!) ** 2;
    sum += (weights?.[row] ?? 1) * Math.sqrt(squared);
  }
  return sum;
}
