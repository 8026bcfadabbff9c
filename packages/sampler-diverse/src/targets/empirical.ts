import { integers, type RandomKey, randomKey, uniformFloat64 } from "@divgen/random";
import { addCrossKernel, pairEnergy } from "../kernel-sums.ts";
import { assertPoints, normalizedWeights, type Points } from "../points.ts";
import type { Target } from "../target.ts";

/** Weights and limits of an empirical target. */
export interface EmpiricalOptions {
  /** One a point, >= 0; @defaultValue equal ones */
  readonly weights?: ArrayLike<number>;
  /**
   * Up to this many points E k(Y - Y') is summed over all pairs. Above, it is estimated from four million random pairs
   * under a fixed key (relative standard error about 3e-4): distances shift by a constant, points do not. On a line it
   * is always exact. @defaultValue 10,000
   */
  readonly exactPairsUpTo?: number;
}

const RANDOM_PAIRS = 2 ** 22;
const PAIRS_AT_ONCE = 2 ** 12;

/**
 * A set of points as the target: encoded training images, features, a million draws of anything. `points` are kept, not
 * copied, and must not change as long as the target is used.
 *
 * The exact method visits all points in every iteration; above some ten thousand the stochastic one, which draws
 * mini-batches, is faster.
 *
 * @throws RangeError for values that are not finite (naming the row) and weights that are negative or all zero.
 */
export function empiricalTarget(points: Points, { weights, exactPairsUpTo = 10_000 }: EmpiricalOptions = {}): Target {
  assertPoints(points, "target points");
  const shares = normalizedWeights(weights, points.rows, "target weights");
  const cumulative = weights === undefined ? undefined : cumulativeSums(shares);
  const { rows, columns } = points;
  const pick = (unit: number): number =>
    cumulative === undefined ? Math.min(rows - 1, Math.floor(unit * rows)) : firstAbove(cumulative, unit);
  const scale = spread(points, shares);
  const gather = (count: number, rowOf: (index: number) => number): Float64Array => {
    const out = new Float64Array(count * columns);
    for (let index = 0; index < count; index++) {
      const start = rowOf(index) * columns;
      out.set(points.values.subarray(start, start + columns), index * columns);
    }
    return out;
  };
  const sample = (key: RandomKey, count: number): Float64Array => {
    if (cumulative === undefined) {
      const drawn = integers(key, count, 0, rows);
      return gather(count, (index) => drawn[index]!);
    }
    const units = uniformFloat64(key, count);
    return gather(count, (index) => pick(units[index]!));
  };
  const selfEnergies = new Map<number, number>();
  return {
    name: `empirical(${rows} points)`,
    dimension: columns,
    scale,
    sample,
    uniformMap: { dimension: 1, map: (uniforms, count) => gather(count, (index) => pick(uniforms[index]!)) },
    potential: {
      // Each |x - y| lies below its tangent in |x - y|^2.
      add: (from, smoothing, sums, curvatures) => addCrossKernel(from, points, shares, smoothing, 1, sums, curvatures),
      selfEnergy: (smoothing) => {
        let known = selfEnergies.get(smoothing);
        if (known === undefined) {
          const exact = rows <= exactPairsUpTo || (columns === 1 && smoothing === 0);
          known = exact
            ? pairEnergy({ ...points, values: Float64Array.from(points.values) }, shares, smoothing)
            : randomPairEnergy(columns, sample, smoothing);
          selfEnergies.set(smoothing, known);
        }
        return known;
      },
    },
  };
}

/**
 * The points of a sampler, drawn once: gives a target without an exact potential one.
 *
 * @param count - points to draw; the distance to the sampler's distribution falls as their number to the power -1/2.
 */
export function freezeTarget(target: Target, key: RandomKey, count: number): Target {
  const values = target.sample(key, count);
  const frozen = empiricalTarget({ values, rows: count, columns: target.dimension });
  return {
    ...frozen,
    name: `${target.name}, ${count} draws`,
    ...(target.project === undefined ? {} : { project: (rows) => target.project?.(rows) }),
  };
}

function cumulativeSums(shares: Float64Array): Float64Array {
  let sum = 0;
  return shares.map((share) => {
    sum += share;
    return sum;
  });
}

/** Index of the first entry of an ascending array that is greater than `value`, or the last. */
function firstAbove(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Root mean squared distance from the mean; a single point has the spread 1, for want of any scale. */
function spread({ values, rows, columns }: Points, shares: Float64Array): number {
  let total = 0;
  for (let column = 0; column < columns; column++) {
    let mean = 0;
    for (let row = 0; row < rows; row++) mean += shares[row]! * values[row * columns + column]!;
    for (let row = 0; row < rows; row++) total += shares[row]! * (values[row * columns + column]! - mean) ** 2;
  }
  return total > 0 ? Math.sqrt(total) : 1;
}

/** Mean kernel of random pairs, drawn in small parts. */
function randomPairEnergy(columns: number, sample: Target["sample"], smoothing: number): number {
  const key = randomKey(0).split("pairs of an empirical target");
  let total = 0;
  for (let part = 0; part < RANDOM_PAIRS / PAIRS_AT_ONCE; part++) {
    const first = sample(key.fold(2 * part), PAIRS_AT_ONCE);
    const second = sample(key.fold(2 * part + 1), PAIRS_AT_ONCE);
    for (let pair = 0, index = 0; pair < PAIRS_AT_ONCE; pair++) {
      let squared = 0;
      for (let column = 0; column < columns; column++, index++) squared += (first[index]! - second[index]!) ** 2;
      const root = Math.sqrt(squared + smoothing * smoothing);
      total += root > 0 ? squared / (root + smoothing) : 0;
    }
  }
  return total / RANDOM_PAIRS;
}
