import { type LinearAlgebra64, plainLinearAlgebra } from "./linear-algebra.ts";

/** Count, mean and scatter (sum of outer products of differences from the mean) of some rows. */
export interface Moments {
  readonly count: number;
  readonly mean: Float64Array;
  /** Lower triangle row by row: width * (width + 1) / 2 numbers. */
  readonly scatter: Float64Array;
}

/** Moments of a few rows: mean first, then products of differences. */
export function leafMoments(rows: Float64Array, width: number, algebra: LinearAlgebra64 = plainLinearAlgebra): Moments {
  const count = rows.length / width;
  if (algebra.moments !== undefined) return { count, ...algebra.moments(rows, count, width) };
  const mean = new Float64Array(width);
  for (let row = 0, index = 0; row < count; row++) {
    for (let column = 0; column < width; column++, index++) mean[column]! += rows[index]!;
  }
  for (let column = 0; column < width; column++) mean[column]! /= count;
  const centred = new Float64Array(rows.length);
  for (let row = 0, index = 0; row < count; row++) {
    for (let column = 0; column < width; column++, index++) centred[index] = rows[index]! - mean[column]!;
  }
  return { count, mean, scatter: algebra.gram(centred, count, width) };
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
