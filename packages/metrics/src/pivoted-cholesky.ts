/** A positive semidefinite matrix as A = F F^T with F of full column rank. */
export interface CholeskyFactor {
  /** Number of columns of F: the rank of A within rounding. */
  readonly rank: number;
  /** Order in which rows were taken: order[i] is the row of A behind row i of `factor`. */
  readonly order: Int32Array;
  /** [n, n], row-major; row i holds F's row of A's row order[i], zero from column min(i, rank - 1) + 1 on. */
  readonly factor: Float64Array;
}

/**
 * Cholesky factorisation with diagonal pivoting, for covariances of any rank.
 *
 * Stops when no diagonal entry of what remains exceeds n * 2^-52 * (largest diagonal entry of A): the rest is rounding.
 *
 * @param matrix - [n, n], row-major, symmetric positive semidefinite up to rounding. Borrowed.
 * @see Higham, "Analysis of the Cholesky decomposition of a semi-definite matrix", 1990.
 */
export function pivotedCholesky(matrix: Float64Array, n: number): CholeskyFactor {
  const order = Int32Array.from({ length: n }, (_, index) => index);
  const remaining = Float64Array.from({ length: n }, (_, index) => matrix[index * n + index]!);
  const threshold = n * Number.EPSILON * remaining.reduce((largest, value) => Math.max(largest, value), 0);
  const factor = new Float64Array(n * n);
  let rank = 0;
  for (; rank < n; rank++) {
    const pivot = largestFrom(remaining, order, rank);
    if (!(remaining[order[pivot]!]! > threshold)) break;
    swapRows(factor, order, n, rank, pivot);
    eliminate(matrix, factor, order, remaining, n, rank);
  }
  return { rank, order, factor };
}

function largestFrom(remaining: Float64Array, order: Int32Array, from: number): number {
  let best = from;
  for (let i = from + 1; i < order.length; i++) {
    if (remaining[order[i]!]! > remaining[order[best]!]!) best = i;
  }
  return best;
}

function swapRows(factor: Float64Array, order: Int32Array, n: number, i: number, j: number): void {
  if (i === j) return;
  [order[i], order[j]] = [order[j]!, order[i]!];
  const held = factor.slice(i * n, i * n + i);
  factor.copyWithin(i * n, j * n, j * n + i);
  factor.set(held, j * n);
}

/** Computes column `column` of the factor for its row and all rows below. */
function eliminate(
  matrix: Float64Array,
  factor: Float64Array,
  order: Int32Array,
  remaining: Float64Array,
  n: number,
  column: number,
): void {
  const source = order[column]! * n;
  const pivotRow = column * n;
  const diagonal = Math.sqrt(remaining[order[column]!]!);
  factor[pivotRow + column] = diagonal;
  let row = column + 1;
  // Four rows at a time share the loads of the pivot row.
  for (; row + 4 <= n; row += 4) {
    const r0 = row * n;
    const r1 = r0 + n;
    const r2 = r1 + n;
    const r3 = r2 + n;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let k = 0; k < column; k++) {
      const pivot = factor[pivotRow + k]!;
      s0 += factor[r0 + k]! * pivot;
      s1 += factor[r1 + k]! * pivot;
      s2 += factor[r2 + k]! * pivot;
      s3 += factor[r3 + k]! * pivot;
    }
    setEntry(matrix, factor, order, remaining, source, diagonal, row, r0 + column, s0);
    setEntry(matrix, factor, order, remaining, source, diagonal, row + 1, r1 + column, s1);
    setEntry(matrix, factor, order, remaining, source, diagonal, row + 2, r2 + column, s2);
    setEntry(matrix, factor, order, remaining, source, diagonal, row + 3, r3 + column, s3);
  }
  for (; row < n; row++) {
    let sum = 0;
    for (let k = 0; k < column; k++) sum += factor[row * n + k]! * factor[pivotRow + k]!;
    setEntry(matrix, factor, order, remaining, source, diagonal, row, row * n + column, sum);
  }
}

function setEntry(
  matrix: Float64Array,
  factor: Float64Array,
  order: Int32Array,
  remaining: Float64Array,
  source: number,
  diagonal: number,
  row: number,
  at: number,
  sum: number,
): void {
  const original = order[row]!;
  const entry = (matrix[source + original]! - sum) / diagonal;
  factor[at] = entry;
  remaining[original]! -= entry * entry;
}
