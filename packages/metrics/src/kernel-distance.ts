import { assertRowMatrix, type RowMatrix, rowProducts } from "@divgen/clustering";
import { choice, type RandomKey } from "@divgen/random";
import { meanAndDeviation } from "./mean-and-deviation.ts";
import { takeRows } from "./take-rows.ts";

/** The kernel (gamma x.y + coefficient)^degree. */
export interface PolynomialKernel {
  /** @defaultValue 3 */
  readonly degree?: number;
  /** @defaultValue 1 / features */
  readonly gamma?: number;
  /** @defaultValue 1 */
  readonly coefficient?: number;
}

/**
 * Unbiased estimate of the squared maximum mean discrepancy (MMD) with a polynomial kernel:
 *
 *   sum_{i != j} k(x_i, x_j) / (m (m - 1)) + sum_{i != j} k(y_i, y_j) / (n (n - 1)) - 2 mean k(x_i, y_j)
 *
 * May be negative. Unlike the Frechet distance it has no bias that depends on the number of samples.
 *
 * @param first - [sample, feature], at least 2 rows.
 * @param second - [sample, feature], at least 2 rows.
 * @throws RangeError for unlike widths, fewer samples, or values that are not finite.
 * @see Binkowski et al., "Demystifying MMD GANs", ICLR 2018 (KID).
 */
export function kernelDistance(first: RowMatrix, second: RowMatrix, kernel: PolynomialKernel = {}): number {
  assertPair(first, second, 2);
  const a = { ...first, values: Float64Array.from(first.values) };
  const b = { ...second, values: Float64Array.from(second.values) };
  const ofFirst = kernelSums(a, a, kernel);
  const ofSecond = kernelSums(b, b, kernel);
  const across = kernelSums(a, b, kernel);
  return (
    (ofFirst.sum - ofFirst.diagonal) / (a.rows * (a.rows - 1)) +
    (ofSecond.sum - ofSecond.diagonal) / (b.rows * (b.rows - 1)) -
    (2 * across.sum) / (a.rows * b.rows)
  );
}

/** How the subsets of `subsetKernelDistance` are drawn. */
export interface SubsetOptions extends PolynomialKernel {
  readonly key: RandomKey;
  /** @defaultValue 100 */
  readonly subsets?: number;
  /** @defaultValue 1000 */
  readonly subsetSize?: number;
}

/** Mean and spread over subsets. */
export interface SubsetKernelDistance {
  readonly value: number;
  /** Population standard deviation over subsets. */
  readonly standardDeviation: number;
}

/**
 * Mean of `kernelDistance` over random subsets, drawn without replacement: the protocol of KID.
 *
 * @throws RangeError if a set has fewer samples than a subset.
 */
export function subsetKernelDistance(
  first: RowMatrix,
  second: RowMatrix,
  { key, subsets = 100, subsetSize = 1000, ...kernel }: SubsetOptions,
): SubsetKernelDistance {
  if (!Number.isInteger(subsets) || subsets < 1)
    throw new RangeError(`subsets: expected an integer >= 1, got ${subsets}`);
  if (!Number.isInteger(subsetSize) || subsetSize < 2) {
    throw new RangeError(`subsetSize: expected an integer >= 2, got ${subsetSize}`);
  }
  assertPair(first, second, subsetSize);
  const values = Array.from({ length: subsets }, (_, index) => {
    const subsetKey = key.fold(index);
    const a = takeRows(first, choice(subsetKey.split("first"), first.rows, subsetSize));
    const b = takeRows(second, choice(subsetKey.split("second"), second.rows, subsetSize));
    return kernelDistance(a, b, kernel);
  });
  return meanAndDeviation(values);
}

const BLOCK = 32;

/** Sum of k(x_i, y_j) over all i and j, and over i = j. */
function kernelSums(
  left: RowMatrix<Float64Array>,
  right: RowMatrix<Float64Array>,
  { degree = 3, gamma = 1 / left.columns, coefficient = 1 }: PolynomialKernel,
): { readonly sum: number; readonly diagonal: number } {
  const products = new Float64Array(BLOCK * right.rows);
  let sum = 0;
  let diagonal = 0;
  for (let start = 0; start < left.rows; start += BLOCK) {
    const count = Math.min(BLOCK, left.rows - start);
    const all = { values: right.values, start: 0, count: right.rows };
    rowProducts({ values: left.values, start, count }, all, { columns: left.columns }, products);
    for (let row = 0, index = 0; row < count; row++) {
      let rowSum = 0;
      for (let other = 0; other < right.rows; other++, index++) {
        const value = (gamma * products[index]! + coefficient) ** degree;
        rowSum += value;
        if (other === start + row) diagonal += value;
      }
      sum += rowSum;
    }
  }
  return { sum, diagonal };
}

function assertPair(first: RowMatrix, second: RowMatrix, least: number): void {
  assertRowMatrix(first, "first");
  assertRowMatrix(second, "second");
  if (first.columns !== second.columns) {
    throw new RangeError(`second: expected ${first.columns} features, got ${second.columns}`);
  }
  for (const [name, { rows }] of Object.entries({ first, second })) {
    if (rows < least) throw new RangeError(`${name}: expected at least ${least} samples, got ${rows}`);
  }
}
