import { rowProducts } from "@divgen/clustering";
import { type LinearAlgebra64, plainLinearAlgebra } from "./linear-algebra.ts";

/** Count, mean and scatter (sum of outer products of differences from the mean) of some rows. */
export interface Moments {
  readonly count: number;
  readonly mean: Float64Array;
  /** Lower triangle row by row: width * (width + 1) / 2 numbers. */
  readonly scatter: Float64Array;
}

const BLOCK = 64;
/** Features whose products another algebra computes at once: of each pair of blocks only one is needed. */
const ALGEBRA_BLOCK = 512;
const TRANSPOSED_COLUMNS = 16;

/** Moments of a few rows: mean first, then products of differences. */
export function leafMoments(rows: Float64Array, width: number, algebra: LinearAlgebra64 = plainLinearAlgebra): Moments {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  for (let row = 0, index = 0; row < count; row++) {
    for (let column = 0; column < width; column++, index++) mean[column]! += rows[index]!;
  }
  for (let column = 0; column < width; column++) mean[column]! /= count;
  const centred = new Float64Array(rows.length);
  for (let row = 0, index = 0; row < count; row++) {
    for (let column = 0; column < width; column++, index++) centred[index] = rows[index]! - mean[column]!;
  }
  if (algebra.gram !== undefined) return { count, mean, scatter: algebra.gram(centred, count, width) };
  // One row a feature, so that scatter entries are products of rows.
  const byFeature = transposed(centred, count, width);
  const scatter =
    algebra === plainLinearAlgebra
      ? packedProducts(byFeature, width, count)
      : packedProductsBy(algebra, byFeature, centred, width, count);
  return { count, mean, scatter };
}

/** Some columns at a time: what is written stays in the cache. */
function transposed(values: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let first = 0; first < columns; first += TRANSPOSED_COLUMNS) {
    const end = Math.min(columns, first + TRANSPOSED_COLUMNS);
    for (let row = 0; row < rows; row++) {
      for (let column = first; column < end; column++) out[column * rows + row] = values[row * columns + column]!;
    }
  }
  return out;
}

/** Lower triangle of C^T C by another algebra, for C [count, width] and its transpose. */
function packedProductsBy(
  algebra: LinearAlgebra64,
  byFeature: Float64Array,
  centred: Float64Array,
  width: number,
  count: number,
): Float64Array {
  const packed = new Float64Array((width * (width + 1)) / 2);
  for (let start = 0; start < width; start += ALGEBRA_BLOCK) {
    const size = Math.min(ALGEBRA_BLOCK, width - start);
    const end = start + size;
    const right = new Float64Array(count * end);
    for (let row = 0; row < count; row++) right.set(centred.subarray(row * width, row * width + end), row * end);
    const products = algebra.multiply(byFeature.subarray(start * count, end * count), right, size, count, end);
    for (let row = 0; row < size; row++) {
      const line = start + row;
      packed.set(products.subarray(row * end, row * end + line + 1), (line * (line + 1)) / 2);
    }
  }
  return packed;
}

/** Lower triangle of R R^T for a row-major R. */
function packedProducts(values: Float64Array, rows: number, columns: number): Float64Array {
  const packed = new Float64Array((rows * (rows + 1)) / 2);
  const products = new Float64Array(BLOCK * rows);
  for (let start = 0; start < rows; start += BLOCK) {
    const count = Math.min(BLOCK, rows - start);
    const rightCount = start + count;
    rowProducts({ values, start, count }, { values, start: 0, count: rightCount }, { columns }, products);
    for (let row = 0; row < count; row++) {
      const at = row * rightCount;
      packed.set(products.subarray(at, at + start + row + 1), ((start + row) * (start + row + 1)) / 2);
    }
  }
  return packed;
}

/**
 * Moments of two disjoint sets of rows together.
 *
 * @see Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
 */
export function mergeMoments(first: Moments, second: Moments): Moments {
  const count = first.count + second.count;
  const share = second.count / count;
  const weight = first.count * share;
  const width = first.mean.length;
  const difference = second.mean.map((value, column) => value - first.mean[column]!);
  const mean = first.mean.map((value, column) => value + share * difference[column]!);
  const scatter = new Float64Array(first.scatter.length);
  for (let row = 0, index = 0; row < width; row++) {
    const scaled = weight * difference[row]!;
    for (let column = 0; column <= row; column++, index++) {
      scatter[index] = first.scatter[index]! + second.scatter[index]! + scaled * difference[column]!;
    }
  }
  return { count, mean, scatter };
}

/** The full symmetric matrix of a packed lower triangle. */
export function unpackSymmetric(packed: Float64Array, width: number): Float64Array {
  const full = new Float64Array(width * width);
  for (let row = 0, index = 0; row < width; row++) {
    for (let column = 0; column <= row; column++, index++) {
      full[row * width + column] = packed[index]!;
      full[column * width + row] = packed[index]!;
    }
  }
  return full;
}
