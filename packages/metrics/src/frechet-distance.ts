import { assertRowMatrix, type RowMatrix, rowProducts } from "@divgen/clustering";
import { type FeatureStatistics, meanAndCovariance } from "./feature-statistics.ts";
import { type LinearAlgebra64, plainLinearAlgebra } from "./linear-algebra.ts";
import { pivotedCholesky } from "./pivoted-cholesky.ts";

/** A Frechet distance with its parts. */
export interface FrechetDistance {
  /** meanTerm + covarianceTerm, at least 0. */
  readonly value: number;
  /** ||mean1 - mean2||^2. */
  readonly meanTerm: number;
  /** tr(S1) + tr(S2) - 2 tr((S1 S2)^(1/2)). */
  readonly covarianceTerm: number;
  /** Says so when a covariance has not full rank: fewer samples than features bias the distance. */
  readonly warnings: readonly string[];
}

/**
 * Squared 2-Wasserstein distance between the Gaussians with the given moments:
 *
 *   ||m1 - m2||^2 + tr(S1) + tr(S2) - 2 tr( (S1 S2)^(1/2) )
 *
 * The last trace is the sum of the roots of the eigenvalues of the **symmetric** F^T S2 F, S1 = F F^T being a Cholesky
 * factorisation with pivoting. No matrix root of a general matrix is taken, so nothing can become complex or NaN,
 * nothing is added to the diagonals, and covariances without full rank give the exact value.
 *
 * @param algebra - factors and multiplies; another one than the plain one is worth it from some hundred features on.
 * @throws RangeError for unlike widths, fewer than two samples, or moments that are not finite.
 * @see Dowson and Landau 1982; Heusel et al., "GANs Trained by a Two Time-Scale Update Rule", 2017 (FID). Equals
 * pytorch-fid to rounding where its matrix root is well conditioned.
 */
export function frechetDistance(
  first: FeatureStatistics,
  second: FeatureStatistics,
  algebra: LinearAlgebra64 = plainLinearAlgebra,
): FrechetDistance {
  assertStatistics(first, "first");
  assertStatistics(second, "second");
  const width = first.mean.length;
  if (second.mean.length !== width) {
    throw new RangeError(`second: expected ${width} features, got ${second.mean.length}`);
  }
  // Factor the one of lower rank: the eigenvalue problem then has its size.
  const [low, high] = first.count <= second.count ? [first, second] : [second, first];
  const isFull = algebra !== plainLinearAlgebra && low.count > width;
  const root =
    (isFull ? fullRankRootTrace(low.covariance, high.covariance, width, algebra) : undefined) ??
    rootTrace(low.covariance, high.covariance, width, {
      rankBound: low.count - 1,
      known: Number.isFinite(high.count),
      algebra,
    });
  return combine(first, second, root);
}

/**
 * The same distance from the features themselves. With fewer samples than features the trace is the sum of the
 * singular values of A B^T / sqrt((n1 - 1)(n2 - 1)) for the centred A and B, whose size is n1 x n2.
 *
 * @param first - [sample, feature].
 * @param second - [sample, feature].
 * @throws RangeError as `frechetDistance`.
 */
export function frechetDistanceOfFeatures(
  first: RowMatrix,
  second: RowMatrix,
  algebra: LinearAlgebra64 = plainLinearAlgebra,
): FrechetDistance {
  assertRowMatrix(first, "first");
  assertRowMatrix(second, "second");
  if (first.columns !== second.columns) {
    throw new RangeError(`second: expected ${first.columns} features, got ${second.columns}`);
  }
  for (const [name, { rows }] of Object.entries({ first, second })) {
    if (rows < 2) throw new RangeError(`${name}: expected at least 2 samples for a covariance, got ${rows}`);
  }
  if (Math.min(first.rows, second.rows) >= first.columns) {
    return frechetDistance(meanAndCovariance(first, algebra), meanAndCovariance(second, algebra), algebra);
  }
  const [few, many] = first.rows <= second.rows ? [centred(first), centred(second)] : [centred(second), centred(first)];
  const root = nuclearNorm(few, many, algebra) / Math.sqrt((first.rows - 1) * (second.rows - 1));
  const a = first.rows <= second.rows ? few : many;
  const b = first.rows <= second.rows ? many : few;
  return combine(
    { mean: a.mean, count: a.rows, width: a.columns, trace: a.squaredNorm / (a.rows - 1) },
    { mean: b.mean, count: b.rows, width: b.columns, trace: b.squaredNorm / (b.rows - 1) },
    root,
  );
}

interface Side {
  readonly mean: Float64Array;
  readonly count: number;
  readonly width: number;
  readonly trace: number;
}

function sideOf(statistics: FeatureStatistics | Side): Side {
  if ("trace" in statistics) return statistics;
  const { mean, covariance, count } = statistics;
  const width = mean.length;
  let trace = 0;
  for (let i = 0; i < width; i++) trace += covariance[i * width + i]!;
  return { mean, count, width, trace };
}

function combine(first: FeatureStatistics | Side, second: FeatureStatistics | Side, root: number): FrechetDistance {
  const a = sideOf(first);
  const b = sideOf(second);
  let meanTerm = 0;
  for (let i = 0; i < a.width; i++) meanTerm += (a.mean[i]! - b.mean[i]!) ** 2;
  // Rounding may leave a tiny negative number for equal covariances.
  const covarianceTerm = Math.max(0, a.trace + b.trace - 2 * root);
  const warnings = [a, b].flatMap(({ count, width }, index) =>
    count <= width
      ? [
          `${index === 0 ? "first" : "second"} set: ${count} samples give a covariance of rank at most ${count - 1} in ` +
            `${width} features; the distance is exact for these samples and biased upwards as an estimate`,
        ]
      : [],
  );
  return { value: meanTerm + covarianceTerm, meanTerm, covarianceTerm, warnings };
}

/**
 * tr((S1 S2)^(1/2)). At most as many eigenvalues count as the ranks allow, the rest is rounding: `rankBound` if the
 * counts of both sets are known, else the rank of S2 is found.
 */
function rootTrace(
  s1: Float64Array,
  s2: Float64Array,
  n: number,
  {
    rankBound,
    known,
    algebra,
  }: { readonly rankBound: number; readonly known: boolean; readonly algebra: LinearAlgebra64 },
): number {
  const { rank, order, factor } = pivotedCholesky(s1, n);
  if (rank === 0) return 0;
  const bound = known ? rankBound : Math.min(rankBound, pivotedCholesky(s2, n).rank);
  const transposed = transposeFactor(factor, n, rank);
  const permuted = permuteSymmetric(s2, order, n);
  const symmetric = congruence(transposed, permuted, n, rank);
  return sumOfRoots(algebra.symmetricEigenvalues(symmetric, rank), bound);
}

/** The same where S1 has full rank beyond rounding, by a Cholesky factorisation without pivoting; undefined where not. */
function fullRankRootTrace(
  s1: Float64Array,
  s2: Float64Array,
  n: number,
  algebra: LinearAlgebra64,
): number | undefined {
  let lower: Float64Array;
  try {
    lower = algebra.cholesky(s1, n);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  let [least, largest] = [Number.POSITIVE_INFINITY, 0];
  for (let index = 0; index < n; index++) {
    least = Math.min(least, lower[index * n + index]! ** 2);
    largest = Math.max(largest, s1[index * n + index]!);
  }
  // What `pivotedCholesky` takes for rounding.
  if (!(least > n * Number.EPSILON * largest)) return undefined;
  const half = algebra.multiply(transposeFactor(lower, n, n), s2, n, n, n);
  return sumOfRoots(algebra.symmetricEigenvalues(algebra.multiply(half, lower, n, n, n), n), n);
}

/** Sum of the square roots of the largest eigenvalues, negative rounding counted as 0. */
function sumOfRoots(ascending: Float64Array, rankBound: number): number {
  let sum = 0;
  for (let i = Math.max(0, ascending.length - rankBound); i < ascending.length; i++) {
    sum += Math.sqrt(Math.max(0, ascending[i]!));
  }
  return sum;
}

function transposeFactor(factor: Float64Array, n: number, rank: number): Float64Array {
  const transposed = new Float64Array(rank * n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= Math.min(row, rank - 1); column++) {
      transposed[column * n + row] = factor[row * n + column]!;
    }
  }
  return transposed;
}

function permuteSymmetric(matrix: Float64Array, order: Int32Array, n: number): Float64Array {
  const permuted = new Float64Array(n * n);
  for (let row = 0, index = 0; row < n; row++) {
    const source = order[row]! * n;
    for (let column = 0; column < n; column++, index++) permuted[index] = matrix[source + order[column]!]!;
  }
  return permuted;
}

const BLOCK = 64;

/** F^T S F, [rank, rank], lower triangle, for rows of F^T that are zero before their own number. */
function congruence(transposed: Float64Array, s: Float64Array, n: number, rank: number): Float64Array {
  const half = new Float64Array(rank * n);
  for (let start = 0; start < rank; start += BLOCK) {
    const left = { values: transposed, start, count: Math.min(BLOCK, rank - start) };
    rowProducts(left, { values: s, start: 0, count: n }, { columns: n, from: start }, half.subarray(start * n));
  }
  const out = new Float64Array(rank * rank);
  const products = new Float64Array(BLOCK * rank);
  for (let start = 0; start < rank; start += BLOCK) {
    const count = Math.min(BLOCK, rank - start);
    const rightCount = start + count;
    const left = { values: transposed, start, count };
    rowProducts(left, { values: half, start: 0, count: rightCount }, { columns: n, from: start }, products);
    for (let row = 0; row < count; row++) {
      out.set(products.subarray(row * rightCount, (row + 1) * rightCount), (start + row) * rank);
    }
  }
  return out;
}

interface Centred {
  readonly values: Float64Array;
  readonly rows: number;
  readonly columns: number;
  readonly mean: Float64Array;
  readonly squaredNorm: number;
}

function centred({ values, rows, columns }: RowMatrix): Centred {
  const mean = new Float64Array(columns);
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) mean[column]! += values[index]! / rows;
  }
  const moved = new Float64Array(rows * columns);
  let squaredNorm = 0;
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) {
      const value = values[index]! - mean[column]!;
      moved[index] = value;
      squaredNorm += value * value;
    }
  }
  return { values: moved, rows, columns, mean, squaredNorm };
}

/** Sum of the singular values of A B^T, A having at most as many rows: roots of the eigenvalues of (A B^T)(A B^T)^T. */
function nuclearNorm(few: Centred, many: Centred, algebra: LinearAlgebra64): number {
  const cross = blockedProducts(few.values, few.rows, many.values, many.rows, few.columns);
  const gram = blockedProducts(cross, few.rows, cross, few.rows, many.rows);
  return sumOfRoots(algebra.symmetricEigenvalues(gram, few.rows), Math.min(few.rows - 1, few.columns));
}

function blockedProducts(
  left: Float64Array,
  leftCount: number,
  right: Float64Array,
  rightCount: number,
  columns: number,
): Float64Array {
  const out = new Float64Array(leftCount * rightCount);
  for (let start = 0; start < leftCount; start += BLOCK) {
    const span = { values: left, start, count: Math.min(BLOCK, leftCount - start) };
    rowProducts(span, { values: right, start: 0, count: rightCount }, { columns }, out.subarray(start * rightCount));
  }
  return out;
}

function assertStatistics({ mean, covariance, count }: FeatureStatistics, name: string): void {
  const width = mean.length;
  if (covariance.length !== width * width) {
    throw new RangeError(`${name}: expected a covariance of ${width} x ${width} values, got ${covariance.length}`);
  }
  if (!(count >= 2)) throw new RangeError(`${name}: expected at least 2 samples for a covariance, got ${count}`);
  for (const values of [mean, covariance]) {
    const index = values.findIndex((value) => !Number.isFinite(value));
    if (index >= 0) throw new RangeError(`${name}: expected finite statistics, got ${values[index]} at ${index}`);
  }
}
