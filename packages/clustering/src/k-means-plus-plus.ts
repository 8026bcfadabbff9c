import { integers, type RandomKey, uniformFloat64 } from "@divgen/random";
import { forEachDistanceBlock, preparePoints } from "./block-distances.ts";
import { columnMeans, type RowMatrix, takeRows } from "./row-matrix.ts";

/**
 * Initial centers by greedy k-means++: the first is a random row; each further one is the best of 2 + floor(ln k)
 * candidate rows drawn with probability proportional to the squared distance to the nearest center so far.
 *
 * When all rows lie on centers already (fewer distinct rows than clusters), the remaining ones are random rows.
 *
 * @see Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007 (section 5 for the greedy
 * form); the scheme of scikit-learn.
 */
export function drawInitialCenters(data: RowMatrix, clusterCount: number, key: RandomKey): RowMatrix<Float64Array> {
  const shift = columnMeans(data);
  const trials = 2 + Math.floor(Math.log(clusterCount));
  const chosen = new Int32Array(clusterCount);
  chosen[0] = integers(key.fold(0), 1, 0, data.rows)[0]!;
  let nearest = distancesTo(data, shift, chosen.subarray(0, 1))[0]!;
  for (let center = 1; center < clusterCount; center++) {
    const candidates = drawByWeight(nearest, uniformFloat64(key.fold(center), trials));
    const candidateDistances = distancesTo(data, shift, candidates);
    let leastPotential = Number.POSITIVE_INFINITY;
    let best = 0;
    candidateDistances.forEach((distances, candidate) => {
      let potential = 0;
      for (let row = 0; row < data.rows; row++) {
        const distance = Math.min(distances[row]!, nearest[row]!);
        distances[row] = distance;
        potential += distance;
      }
      if (potential < leastPotential) {
        leastPotential = potential;
        best = candidate;
      }
    });
    chosen[center] = candidates[best]!;
    nearest = candidateDistances[best]!;
  }
  return takeRows(data, chosen);
}

/** Squared distances of all rows to the rows of the given numbers: one array a number. */
function distancesTo(data: RowMatrix, shift: Float64Array, indices: Int32Array): Float64Array[] {
  const out = Array.from(indices, () => new Float64Array(data.rows));
  const points = preparePoints(takeRows(data, indices), shift);
  forEachDistanceBlock(data, shift, points, (firstRow, rowCount, distances) => {
    for (let row = 0, index = 0; row < rowCount; row++) {
      for (let point = 0; point < indices.length; point++, index++) out[point]![firstRow + row] = distances[index]!;
    }
  });
  // Rounding leaves a trace of the distance of a row to itself, which must not be drawn again.
  for (let point = 0; point < indices.length; point++) out[point]![indices[point]!] = 0;
  return out;
}

/** One row number for each unit draw, with probability proportional to its weight (uniform if all weights are 0). */
function drawByWeight(weights: Float64Array, units: Float64Array): Int32Array {
  const cumulative = new Float64Array(weights.length);
  let total = 0;
  for (let row = 0; row < weights.length; row++) {
    total += weights[row]!;
    cumulative[row] = total;
  }
  if (!(total > 0)) return Int32Array.from(units, (unit) => Math.floor(unit * weights.length));
  return Int32Array.from(units, (unit) => {
    const target = unit * total;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle]! > target) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}
