import { assertRowMatrix, forEachDistanceBlock, preparePoints, type RowMatrix } from "@divgen/clustering";

/** Overlap of two sets of samples as unions of balls. */
export interface NeighbourMetrics {
  /** Share of generated samples inside the ball of some real sample. */
  readonly precision: number;
  /** Share of real samples inside the ball of some generated sample. */
  readonly recall: number;
  /** Mean number of real balls that hold a generated sample, by k; 1 in expectation for equal distributions, may exceed 1. */
  readonly density: number;
  /** Share of real samples whose ball holds a generated sample; about 1 - 2^-k for equal distributions and sizes. */
  readonly coverage: number;
}

/**
 * Precision, recall, density and coverage. The ball of a sample reaches to its k-th nearest neighbour in its own set
 * (not counting itself); inside means strictly nearer.
 *
 * Distances are formed block by block: memory is that of both sets, not of the distance matrix.
 *
 * @param real - [sample, feature].
 * @param generated - [sample, feature].
 * @param neighbours - k; 5 in the density and coverage paper, 3 in the precision and recall paper.
 * @throws RangeError for unlike widths, values that are not finite, or k not in [1, samples - 1] of both sets.
 * @see Kynkaanniemi et al., NeurIPS 2019; Naeem et al., "Reliable Fidelity and Diversity Metrics", ICML 2020. Equals prdc.
 */
export function neighbourMetrics(real: RowMatrix, generated: RowMatrix, neighbours: number): NeighbourMetrics {
  assertRowMatrix(real, "real");
  assertRowMatrix(generated, "generated");
  if (real.columns !== generated.columns) {
    throw new RangeError(`generated: expected ${real.columns} features, got ${generated.columns}`);
  }
  const most = Math.min(real.rows, generated.rows) - 1;
  if (!Number.isInteger(neighbours) || neighbours < 1 || neighbours > most) {
    throw new RangeError(`neighbours: expected an integer in [1, ${most}], got ${neighbours}`);
  }
  const shift = meanOf(real);
  const realRadii = squaredRadii(real, shift, neighbours);
  const generatedRadii = squaredRadii(generated, shift, neighbours);
  const ballsAround = new Int32Array(generated.rows);
  let recalled = 0;
  let covered = 0;
  forEachDistanceBlock(real, shift, preparePoints(generated, shift), (firstRow, rowCount, distances) => {
    for (let row = 0, index = 0; row < rowCount; row++) {
      const radius = realRadii[firstRow + row]!;
      let inSomeBall = false;
      let holdsSome = false;
      for (let point = 0; point < generated.rows; point++, index++) {
        const distance = distances[index]!;
        if (distance < radius) {
          ballsAround[point]!++;
          holdsSome = true;
        }
        if (distance < generatedRadii[point]!) inSomeBall = true;
      }
      if (inSomeBall) recalled++;
      if (holdsSome) covered++;
    }
  });
  let precise = 0;
  let balls = 0;
  for (const count of ballsAround) {
    if (count > 0) precise++;
    balls += count;
  }
  return {
    precision: precise / generated.rows,
    recall: recalled / real.rows,
    density: balls / (neighbours * generated.rows),
    coverage: covered / real.rows,
  };
}

/** Squared distance of each row to its k-th nearest other row. */
function squaredRadii(data: RowMatrix, shift: Float64Array, k: number): Float64Array {
  const radii = new Float64Array(data.rows);
  const nearest = new Float64Array(k);
  forEachDistanceBlock(data, shift, preparePoints(data, shift), (firstRow, rowCount, distances) => {
    for (let row = 0; row < rowCount; row++) {
      const own = firstRow + row;
      nearest.fill(Number.POSITIVE_INFINITY);
      for (let point = 0; point < data.rows; point++) {
        const distance = distances[row * data.rows + point]!;
        if (distance < nearest[k - 1]! && point !== own) insertAscending(nearest, distance);
      }
      radii[own] = nearest[k - 1]!;
    }
  });
  return radii;
}

/** Puts a value into its place and drops the largest. */
function insertAscending(ascending: Float64Array, value: number): void {
  let at = ascending.length - 1;
  while (at > 0 && ascending[at - 1]! > value) {
    ascending[at] = ascending[at - 1]!;
    at--;
  }
  ascending[at] = value;
}

function meanOf({ values, rows, columns }: RowMatrix): Float64Array {
  const mean = new Float64Array(columns);
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) mean[column]! += values[index]! / rows;
  }
  return mean;
}
