import { integers, type RandomKey } from "@divgen/random";
import { assertLabels, assertRowMatrix, type RowMatrix } from "./row-matrix.ts";

/** Number of rows with each label. */
export function clusterCounts(labels: ArrayLike<number>, clusterCount: number): Int32Array {
  const counts = new Int32Array(clusterCount);
  for (let row = 0; row < labels.length; row++) counts[labels[row]!]!++;
  return counts;
}

/** Rows whose sums are formed at once: a part of the result's bits, which engines with many threads give as well. */
const ROWS_OF_SUM = 4096;

/** Sum of the rows of each label: of each piece of the rows in their order, then of the pieces. */
export function clusterSums(
  { values, rows, columns }: RowMatrix,
  labels: ArrayLike<number>,
  clusterCount: number,
): Float64Array {
  const sums = new Float64Array(clusterCount * columns);
  const part = rows > ROWS_OF_SUM ? new Float64Array(sums.length) : sums;
  for (let first = 0; first < rows; first += ROWS_OF_SUM) {
    const end = Math.min(rows, first + ROWS_OF_SUM);
    for (let row = first, index = first * columns; row < end; row++) {
      const start = labels[row]! * columns;
      for (let column = 0; column < columns; column++, index++) part[start + column]! += values[index]!;
    }
    if (part === sums) break;
    for (let index = 0; index < sums.length; index++) sums[index]! += part[index]!;
    part.fill(0);
  }
  return sums;
}

/**
 * The mean of the rows of each label: the centers that an old partition induces on new features. A label without rows
 * ("starved") gets a random row as its center.
 *
 * @param data - finite values.
 * @param labels - one a row, in [0, clusterCount).
 * @param key - draws the rows for starved labels; untouched when there are none.
 * @throws RangeError for values that are not finite or labels out of range.
 * @see Liu et al., "Diverse Image Generation via Self-Conditioned GANs", CVPR 2020, section 3.2 (initialisation at induced means).
 */
export function inducedCenters(
  data: RowMatrix,
  labels: ArrayLike<number>,
  clusterCount: number,
  key: RandomKey,
): RowMatrix<Float64Array> {
  assertRowMatrix(data, "data");
  assertLabels(labels, data.rows, clusterCount, "labels");
  const { columns } = data;
  const counts = clusterCounts(labels, clusterCount);
  const centers = clusterSums(data, labels, clusterCount);
  for (let cluster = 0; cluster < clusterCount; cluster++) {
    const start = cluster * columns;
    if (counts[cluster] === 0) {
      const row = integers(key.fold(cluster), 1, 0, data.rows)[0]!;
      centers.set(data.values.subarray(row * columns, (row + 1) * columns), start);
    } else {
      for (let column = 0; column < columns; column++) centers[start + column]! /= counts[cluster]!;
    }
  }
  return { values: centers, rows: clusterCount, columns };
}
