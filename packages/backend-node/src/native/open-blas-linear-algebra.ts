import { assertMatrixSize, type LinearAlgebra64 } from "@divgen/metrics";
import type { OwnKernels } from "../fused/own-kernels.ts";

/** Linear algebra by the binding's kernels on OpenBLAS, on the arrays' own memory; null where it has none. */
export function openBlasLinearAlgebra(kernels: OwnKernels): LinearAlgebra64 | null {
  const { multiply64, gram64, moments64, eigenvalues64, cholesky64 } = kernels;
  if (!multiply64 || !gram64 || !moments64 || !eigenvalues64 || !cholesky64) return null;
  return {
    multiply: (a, b, rowsA, colsA, colsB) => {
      assertMatrixSize(a, rowsA, colsA, "a");
      assertMatrixSize(b, colsA, colsB, "b");
      const product = new Float64Array(rowsA * colsB);
      multiply64(a, b, rowsA, colsA, colsB, product);
      return product;
    },
    symmetricEigenvalues: (matrix, n) => {
      assertMatrixSize(matrix, n, n, "matrix");
      assertFinite(matrix);
      const values = new Float64Array(n);
      eigenvalues64(matrix, n, values);
      return values;
    },
    cholesky: (matrix, n) => {
      assertMatrixSize(matrix, n, n, "matrix");
      assertFinite(matrix);
      const factor = new Float64Array(n * n);
      const failed = cholesky64(matrix, n, factor);
      if (failed !== 0) {
        throw new RangeError(`matrix: expected a positive definite one, got no factor from row ${failed - 1}`);
      }
      return factor;
    },
    gram: (a, rows, columns) => {
      assertMatrixSize(a, rows, columns, "a");
      const packed = new Float64Array((columns * (columns + 1)) / 2);
      gram64(a, rows, columns, packed);
      return packed;
    },
    moments: (values, rows, columns) => {
      assertMatrixSize(values, rows, columns, "values");
      const mean = new Float64Array(columns);
      const scatter = new Float64Array((columns * (columns + 1)) / 2);
      moments64(values, rows, columns, mean, scatter);
      return { mean, scatter };
    },
  };
}

/** @throws RangeError for NaN and infinities, which libraries answer in ways of their own. */
export function assertFinite(matrix: Float64Array): void {
  const index = matrix.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) throw new RangeError(`matrix: expected finite values, got ${matrix[index]} at ${index}`);
}
