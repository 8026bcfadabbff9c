import { gramTriangle } from "./gram-triangle.ts";
import { symmetricEigenvalues } from "./symmetric-eigenvalues.ts";

/**
 * Dense linear algebra in float64, for statistics that float32 tensors are too coarse for. Matrices are row-major and
 * borrowed; results are new.
 */
export interface LinearAlgebra64 {
  /**
   * The product a b.
   *
   * @param a - [rowsA, colsA].
   * @param b - [colsA, colsB].
   * @returns [rowsA, colsB].
   */
  multiply(a: Float64Array, b: Float64Array, rowsA: number, colsA: number, colsB: number): Float64Array;
  /**
   * Eigenvalues of a symmetric matrix.
   *
   * @param matrix - [n, n], finite; the lower triangle is read.
   * @returns n values, ascending.
   */
  symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array;
  /**
   * The lower triangular L with L L^T = matrix.
   *
   * @param matrix - [n, n], symmetric positive definite; the lower triangle is read.
   * @returns [n, n], zero above the diagonal.
   * @throws RangeError if the matrix is not positive definite within rounding.
   */
  cholesky(matrix: Float64Array, n: number): Float64Array;
  /**
   * The lower triangle of A^T A, row by row.
   *
   * @param a - [rows, columns].
   * @returns columns (columns + 1) / 2 values.
   */
  gram(a: Float64Array, rows: number, columns: number): Float64Array;
  /**
   * Mean of rows, and the lower triangle, row by row, of the sum of outer products of their differences from it; left out
   * where `gram` of those differences is as fast.
   *
   * @param values - [rows, columns], at least one row.
   */
  moments?(
    values: Float32Array | Float64Array,
    rows: number,
    columns: number,
  ): { readonly mean: Float64Array; readonly scatter: Float64Array };
}

/** Linear algebra in plain JavaScript: always there, and the reference of faster ones. */
export const plainLinearAlgebra: LinearAlgebra64 = { multiply, symmetricEigenvalues, cholesky, gram };

/** @throws RangeError naming the matrix whose number of values does not fit. */
export function assertMatrixSize(
  matrix: Float32Array | Float64Array,
  rows: number,
  columns: number,
  name: string,
): void {
  if (matrix.length !== rows * columns) {
    throw new RangeError(`${name}: expected ${rows} x ${columns} values, got ${matrix.length}`);
  }
}

function multiply(a: Float64Array, b: Float64Array, rowsA: number, colsA: number, colsB: number): Float64Array {
  assertMatrixSize(a, rowsA, colsA, "a");
  assertMatrixSize(b, colsA, colsB, "b");
  const product = new Float64Array(rowsA * colsB);
  for (let row = 0; row < rowsA; row++) {
    const out = row * colsB;
    for (let inner = 0; inner < colsA; inner++) {
      const factor = a[row * colsA + inner]!;
      const from = inner * colsB;
      for (let column = 0; column < colsB; column++) product[out + column]! += factor * b[from + column]!;
    }
  }
  return product;
}

function cholesky(matrix: Float64Array, n: number): Float64Array {
  assertMatrixSize(matrix, n, n, "matrix");
  const lower = new Float64Array(n * n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * n + column]!;
      for (let k = 0; k < column; k++) sum -= lower[row * n + k]! * lower[column * n + k]!;
      if (row > column) lower[row * n + column] = sum / lower[column * n + column]!;
      else if (sum > 0) lower[row * n + row] = Math.sqrt(sum);
      else throw new RangeError(`matrix: expected a positive definite one, got a pivot of ${sum} in row ${row}`);
    }
  }
  return lower;
}

function gram(a: Float64Array, rows: number, columns: number): Float64Array {
  assertMatrixSize(a, rows, columns, "a");
  return gramTriangle(a, rows, columns);
}
