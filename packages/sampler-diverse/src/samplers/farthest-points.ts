import type { DiverseSampler } from "../diverse-sampler.ts";
import { assertPositiveInteger, type Points } from "../points.ts";

/** Where farthest points are chosen from. */
export interface PoolOptions {
  /** Draws of the target to choose from; @defaultValue 20 a point, at least 1,000 */
  readonly poolSize?: number;
}

/**
 * Greedy farthest points of a pool of draws: each next one is the draw farthest from all chosen and old ones (max-min).
 * Very different from each other, at the price of the distribution: outliers come first. Old points count fully, however
 * little weight they have, unless it is 0.
 *
 * @see Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985.
 */
export function farthestSampler({ poolSize }: PoolOptions = {}): DiverseSampler {
  if (poolSize !== undefined) assertPositiveInteger(poolSize, "poolSize");
  return {
    name: "farthest",
    draw: ({ target, count, key, avoided }) => {
      const rows = poolSize ?? Math.max(1_000, 20 * count);
      if (rows < count) throw new RangeError(`poolSize: expected at least ${count} draws to choose from, got ${rows}`);
      const columns = target.dimension;
      const pool = { values: target.sample(key, rows), rows, columns };
      const nearest = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
      for (let row = 0; row < (avoided?.points.rows ?? 0); row++) {
        if (avoided!.weights[row]! > 0) lowerToDistances(nearest, pool, avoided!.points.values.subarray(row * columns));
      }
      const positions = new Float64Array(count * columns);
      for (let chosen = 0; chosen < count; chosen++) {
        // Without any point yet all are infinitely far, and the first draw begins.
        let farthest = 0;
        for (let row = 1; row < rows; row++) if (nearest[row]! > nearest[farthest]!) farthest = row;
        const point = pool.values.subarray(farthest * columns, (farthest + 1) * columns);
        positions.set(point, chosen * columns);
        lowerToDistances(nearest, pool, point);
      }
      return { positions };
    },
  };
}

/** Takes the squared distance to one more point into the least ones; the point itself goes below all others. */
function lowerToDistances(nearest: Float64Array, { values, rows, columns }: Points, point: Float64Array): void {
  for (let row = 0, index = 0; row < rows; row++) {
    let squared = 0;
    for (let column = 0; column < columns; column++, index++) squared += (values[index]! - point[column]!) ** 2;
    if (squared < nearest[row]!) nearest[row] = squared;
  }
}
