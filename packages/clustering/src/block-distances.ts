import type { RowMatrix } from "./row-matrix.ts";
import { rowProducts } from "./row-products.ts";

/** Rows per block: small enough for the second-level cache at a thousand columns. */
const BLOCK_ROWS = 64;

/** Rows moved by a shift, with their squared norms: the right-hand side of many distance computations. */
export interface PreparedPoints {
  readonly values: Float64Array;
  readonly squaredNorms: Float64Array;
  readonly count: number;
}

/** Subtracts `shift` from each row and notes the squared norms. */
export function preparePoints({ values, rows, columns }: RowMatrix, shift: Float64Array): PreparedPoints {
  const moved = new Float64Array(rows * columns);
  const squaredNorms = new Float64Array(rows);
  for (let row = 0, index = 0; row < rows; row++) {
    let norm = 0;
    for (let column = 0; column < columns; column++, index++) {
      const value = values[index]! - shift[column]!;
      moved[index] = value;
      norm += value * value;
    }
    squaredNorms[row] = norm;
  }
  return { values: moved, squaredNorms, count: rows };
}

/**
 * Squared Euclidean distances of all rows to all points, block by block:
 * ||x||^2 - 2 x.p + ||p||^2, with both sides moved by `shift` (the data's mean), which keeps the cancellation harmless.
 *
 * @param visit - called once a block with the number of its first row, how many rows it has, and their distances
 * (row after row, `points.count` each, >= 0; the array is reused).
 */
export function forEachDistanceBlock(
  data: RowMatrix,
  shift: Float64Array,
  points: PreparedPoints,
  visit: (firstRow: number, rowCount: number, squaredDistances: Float64Array) => void,
): void {
  const { values, rows, columns } = data;
  const block = new Float64Array(BLOCK_ROWS * columns);
  const norms = new Float64Array(BLOCK_ROWS);
  const distances = new Float64Array(BLOCK_ROWS * points.count);
  for (let firstRow = 0; firstRow < rows; firstRow += BLOCK_ROWS) {
    const rowCount = Math.min(BLOCK_ROWS, rows - firstRow);
    let source = firstRow * columns;
    for (let row = 0, index = 0; row < rowCount; row++) {
      let norm = 0;
      for (let column = 0; column < columns; column++, index++, source++) {
        const value = values[source]! - shift[column]!;
        block[index] = value;
        norm += value * value;
      }
      norms[row] = norm;
    }
    rowProducts(
      { values: block, start: 0, count: rowCount },
      { values: points.values, start: 0, count: points.count },
      { columns },
      distances,
    );
    for (let row = 0, index = 0; row < rowCount; row++) {
      const norm = norms[row]!;
      for (let point = 0; point < points.count; point++, index++) {
        const squared = norm - 2 * distances[index]! + points.squaredNorms[point]!;
        distances[index] = Math.max(squared, 0);
      }
    }
    visit(firstRow, rowCount, distances);
  }
}

/**
 * Squared distance of each row to the center of its label, with the bits of `forEachDistanceBlock`.
 *
 * @param labels - one a row, numbers of centers.
 */
export function distancesToOwn(
  { values, rows, columns }: RowMatrix,
  labels: Int32Array,
  centers: RowMatrix,
  shift: Float64Array,
): Float64Array {
  const points = preparePoints(centers, shift);
  const squaredDistances = new Float64Array(rows);
  const finish = (row: number, norm: number, product: number): void => {
    squaredDistances[row] = Math.max(norm - 2 * product + points.squaredNorms[labels[row]!]!, 0);
  };
  let row = 0;
  // Two rows at a time: each sum waits for its last addition.
  for (; row + 2 <= rows; row += 2) {
    const [first, second] = [row * columns, (row + 1) * columns];
    const [firstCenter, secondCenter] = [labels[row]! * columns, labels[row + 1]! * columns];
    let [firstNorm, firstProduct, secondNorm, secondProduct] = [0, 0, 0, 0];
    for (let column = 0; column < columns; column++) {
      const moved = shift[column]!;
      const x = values[first + column]! - moved;
      const y = values[second + column]! - moved;
      firstNorm += x * x;
      secondNorm += y * y;
      firstProduct += x * points.values[firstCenter + column]!;
      secondProduct += y * points.values[secondCenter + column]!;
    }
    finish(row, firstNorm, firstProduct);
    finish(row + 1, secondNorm, secondProduct);
  }
  if (row < rows) {
    let [norm, product] = [0, 0];
    for (let column = 0, index = row * columns, other = labels[row]! * columns; column < columns; column++) {
      const value = values[index + column]! - shift[column]!;
      norm += value * value;
      product += value * points.values[other + column]!;
    }
    finish(row, norm, product);
  }
  return squaredDistances;
}
