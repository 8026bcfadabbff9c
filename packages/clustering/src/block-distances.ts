import type { RowMatrix } from "./row-matrix.ts";

/** Rows per block: small enough for the second-level cache at a thousand columns. */
const BLOCK_ROWS = 32;

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
    innerProducts(block, rowCount, points.values, points.count, columns, distances);
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
 * out[r * rightCount + p] = left_r . right_p. Two rows and four points at a time: eight sums in registers for six loads.
 * Every product is summed in the order of the columns, so a row's results do not depend on its neighbours.
 */
function innerProducts(
  left: Float64Array,
  leftCount: number,
  right: Float64Array,
  rightCount: number,
  columns: number,
  out: Float64Array,
): void {
  let point = 0;
  for (; point + 4 <= rightCount; point += 4) {
    const p0 = point * columns;
    const p1 = p0 + columns;
    const p2 = p1 + columns;
    const p3 = p2 + columns;
    let row = 0;
    for (; row + 2 <= leftCount; row += 2) {
      const r0 = row * columns;
      const r1 = r0 + columns;
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      for (let column = 0; column < columns; column++) {
        const a = left[r0 + column]!;
        const b = left[r1 + column]!;
        const x = right[p0 + column]!;
        const y = right[p1 + column]!;
        const z = right[p2 + column]!;
        const w = right[p3 + column]!;
        s00 += a * x;
        s01 += a * y;
        s02 += a * z;
        s03 += a * w;
        s10 += b * x;
        s11 += b * y;
        s12 += b * z;
        s13 += b * w;
      }
      const o0 = row * rightCount + point;
      const o1 = o0 + rightCount;
      out[o0] = s00;
      out[o0 + 1] = s01;
      out[o0 + 2] = s02;
      out[o0 + 3] = s03;
      out[o1] = s10;
      out[o1 + 1] = s11;
      out[o1 + 2] = s12;
      out[o1 + 3] = s13;
    }
    for (; row < leftCount; row++) {
      for (let offset = 0; offset < 4; offset++) {
        out[row * rightCount + point + offset] = innerProduct(
          left,
          row * columns,
          right,
          p0 + offset * columns,
          columns,
        );
      }
    }
  }
  for (; point < rightCount; point++) {
    for (let row = 0; row < leftCount; row++) {
      out[row * rightCount + point] = innerProduct(left, row * columns, right, point * columns, columns);
    }
  }
}

function innerProduct(a: Float64Array, aStart: number, b: Float64Array, bStart: number, columns: number): number {
  let sum = 0;
  for (let column = 0; column < columns; column++) sum += a[aStart + column]! * b[bStart + column]!;
  return sum;
}
