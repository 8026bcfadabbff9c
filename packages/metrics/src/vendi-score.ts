import { assertRowMatrix, type RowMatrix, rowProducts } from "@divgen/clustering";
import { symmetricEigenvalues } from "./symmetric-eigenvalues.ts";

/** Order of the entropy: small orders count rare kinds more. 1 is Shannon's; infinity looks at the commonest kind alone. */
export type VendiOrder = number;

/**
 * Effective number of different samples under the cosine kernel: exp of the entropy of the eigenvalues of K / n.
 *
 *   order 1: exp(-sum l ln l);  order q: (sum l^q)^(1 / (1 - q));  infinity: 1 / max l
 *
 * The eigenvalues are those of X^T X / n when there are fewer features than samples (the dual form, same value).
 *
 * @param features - [sample, feature]; rows are normalised here.
 * @param order - > 0, or Infinity.
 * @returns in [1, samples].
 * @throws RangeError for a row of zeros, values that are not finite, or an order that is not > 0.
 * @see Friedman and Dieng, "The Vendi Score", TMLR 2023; Pasarkar and Dieng, "Cousins of the Vendi Score", 2024.
 */
export function vendiScore(features: RowMatrix, order: VendiOrder = 1): number {
  assertRowMatrix(features, "features");
  const { rows, columns } = features;
  const normalised = normaliseRows(features);
  if (columns >= rows) return scoreOf(symmetricEigenvalues(gram(normalised, rows, columns), rows), rows, order);
  const transposed = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      transposed[column * rows + row] = normalised[row * columns + column]!;
    }
  }
  return scoreOf(symmetricEigenvalues(gram(transposed, columns, rows), columns), rows, order);
}

/**
 * Effective number of different samples under any kernel.
 *
 * @param kernel - [n, n], row-major, symmetric positive semidefinite, ones on the diagonal.
 * @throws RangeError if the size does not fit or the diagonal is not 1.
 */
export function vendiScoreOfKernel(kernel: Float64Array, n: number, order: VendiOrder = 1): number {
  const eigenvalues = symmetricEigenvalues(kernel, n);
  for (let i = 0; i < n; i++) {
    if (Math.abs(kernel[i * n + i]! - 1) > 1e-6) {
      throw new RangeError(`kernel: expected ones on the diagonal, got ${kernel[i * n + i]} at ${i}`);
    }
  }
  return scoreOf(eigenvalues, n, order);
}

function scoreOf(eigenvalues: Float64Array, samples: number, order: number): number {
  if (!(order > 0)) throw new RangeError(`order: expected a number > 0, got ${order}`);
  const largest = eigenvalues.at(-1)!;
  // What is smaller is rounding, to which low orders would give weight.
  const threshold = eigenvalues.length * Number.EPSILON * largest;
  const shares = Array.from(
    eigenvalues.filter((value) => value > threshold),
    (value) => value / samples,
  );
  if (order === Number.POSITIVE_INFINITY) return samples / largest;
  if (order === 1) return Math.exp(-shares.reduce((sum, share) => sum + share * Math.log(share), 0));
  return shares.reduce((sum, share) => sum + share ** order, 0) ** (1 / (1 - order));
}

function normaliseRows({ values, rows, columns }: RowMatrix): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    let squared = 0;
    for (let at = row * columns; at < (row + 1) * columns; at++) squared += values[at]! ** 2;
    if (squared === 0)
      throw new RangeError(`features: expected rows other than zero for the cosine, got zeros in row ${row}`);
    const norm = Math.sqrt(squared);
    for (let at = row * columns; at < (row + 1) * columns; at++) out[at] = values[at]! / norm;
  }
  return out;
}

const BLOCK = 32;

/** R R^T of a row-major R. */
function gram(values: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * rows);
  for (let start = 0; start < rows; start += BLOCK) {
    const span = { values, start, count: Math.min(BLOCK, rows - start) };
    rowProducts(span, { values, start: 0, count: rows }, { columns }, out.subarray(start * rows));
  }
  return out;
}
