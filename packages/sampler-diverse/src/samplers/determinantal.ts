import { type RandomKey, uniformFloat64 } from "@divgen/random";
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { CheckedAvoided } from "../avoided-points.ts";
import type { DiverseSampler } from "../diverse-sampler.ts";
import { assertPositive, assertPositiveInteger, type Points } from "../points.ts";

/** The similarity of a k-DPP. */
export interface DeterminantalOptions {
  /** Draws of the target to choose from; time grows with its cube. @defaultValue 10 a point, between 100 and 500 */
  readonly poolSize?: number;
  /** h of the similarity exp(-|x - y|^2 / (2 h^2)); @defaultValue the target's scale, halved */
  readonly bandwidth?: number;
}

/**
 * A determinantal sample of fixed size from a pool of draws: a set has a probability in proportion to the determinant of
 * its similarities, so it is random and yet repulsive. Old points condition the process on being drawn already; one of
 * weight w counts as observed with the variance 1 / w - 1 more (w above 1 counts as 1).
 *
 * @throws RangeError if the pool holds fewer distinct points than asked for.
 * @see Kulesza and Taskar, "Determinantal point processes for machine learning", 2012, algorithms 1, 7 and 8.
 */
export function determinantalSampler({ poolSize, bandwidth }: DeterminantalOptions = {}): DiverseSampler {
  if (poolSize !== undefined) assertPositiveInteger(poolSize, "poolSize");
  if (bandwidth !== undefined) assertPositive(bandwidth, "bandwidth");
  return {
    name: "k-dpp",
    draw: ({ target, count, key, avoided }) => {
      const rows = poolSize ?? Math.max(Math.min(Math.max(100, 10 * count), 500), count);
      if (rows < count) throw new RangeError(`poolSize: expected at least ${count} draws to choose from, got ${rows}`);
      const { dimension: columns, scale } = target;
      const pool = { values: target.sample(key.split("pool"), rows), rows, columns };
      const similarities = conditionedSimilarities(pool, avoided, bandwidth ?? scale / 2);
      const chosen = drawDeterminantalSet(similarities, count, key.split("set"));
      const positions = new Float64Array(count * columns);
      chosen.forEach((row, index) => {
        positions.set(pool.values.subarray(row * columns, (row + 1) * columns), index * columns);
      });
      return { positions };
    },
  };
}

/**
 * A set of `count` distinct indices with the probability det(S_set) / sum over sets of that size.
 *
 * @param similarities - symmetric, positive semidefinite.
 * @returns indices in the order drawn.
 * @throws RangeError if fewer than `count` eigenvalues are positive.
 */
export function drawDeterminantalSet(similarities: Matrix, count: number, key: RandomKey): Int32Array {
  const rows = similarities.rows;
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(similarities, { assumeSymmetric: true });
  const largest = Math.max(...realEigenvalues);
  const values = realEigenvalues.map((value) => (value > 1e-13 * largest ? value / largest : 0));
  const rank = values.filter((value) => value > 0).length;
  if (rank < count) {
    throw new RangeError(
      `k-dpp: expected a pool of at least ${count} distinguishable draws, got ${rank}; raise poolSize`,
    );
  }
  const units = uniformFloat64(key, rows + count);
  const vectors = drawEigenvectors(values, count, units).map((index) =>
    Float64Array.from(eigenvectorMatrix.getColumn(index)),
  );
  const chosen = new Int32Array(count);
  for (let left = count; left > 0; left--) {
    const probabilities = new Float64Array(rows);
    for (const vector of vectors) for (let row = 0; row < rows; row++) probabilities[row]! += vector[row]! ** 2 / left;
    const row = indexAt(probabilities, units[rows + left - 1]!);
    chosen[count - left] = row;
    removeDirection(vectors, row);
  }
  return chosen;
}

/** Exact choice of `count` eigenvectors, in proportion to the product of their values, by elementary symmetric polynomials. */
function drawEigenvectors(values: readonly number[], count: number, units: Float64Array): number[] {
  // polynomials[n][l]: logarithm of the polynomial of degree l in the first n values.
  const polynomials = [Float64Array.from({ length: count + 1 }, (_, l) => (l === 0 ? 0 : Number.NEGATIVE_INFINITY))];
  for (const [n, value] of values.entries()) {
    const before = polynomials[n]!;
    polynomials.push(before.map((log, l) => (l === 0 ? 0 : logOfSum(log, Math.log(value) + before[l - 1]!))));
  }
  const chosen: number[] = [];
  let degree = count;
  for (let n = values.length; degree > 0; n--) {
    const log = Math.log(values[n - 1]!) + polynomials[n - 1]![degree - 1]! - polynomials[n]![degree]!;
    // The rest must all be taken when only as many are left.
    if (n === degree || units[n - 1]! < Math.exp(log)) {
      chosen.push(n - 1);
      degree--;
    }
  }
  return chosen;
}

/** log(exp(first) + exp(second)) */
function logOfSum(first: number, second: number): number {
  const [small, large] = first < second ? [first, second] : [second, first];
  return large === Number.NEGATIVE_INFINITY ? large : large + Math.log1p(Math.exp(small - large));
}

/** Leaves an orthonormal basis of what is orthogonal to the axis `row` in the span, one vector fewer. */
function removeDirection(vectors: Float64Array[], row: number): void {
  let pivot = 0;
  vectors.forEach((vector, index) => {
    if (Math.abs(vector[row]!) > Math.abs(vectors[pivot]![row]!)) pivot = index;
  });
  const [removed] = vectors.splice(pivot, 1);
  vectors.forEach((vector, index) => {
    addScaled(vector, removed!, -vector[row]! / removed![row]!);
    for (let other = 0; other < index; other++) addScaled(vector, vectors[other]!, -inner(vector, vectors[other]!));
    const length = Math.sqrt(inner(vector, vector));
    for (let entry = 0; entry < vector.length; entry++) vector[entry]! /= length;
  });
}

/** Similarities of the pool given the old points: S_PP - S_PO (S_OO + noise)^-1 S_OP. */
function conditionedSimilarities(pool: Points, avoided: CheckedAvoided | undefined, bandwidth: number): Matrix {
  const similarity = similarityMatrix(pool, pool, bandwidth);
  const rows = Array.from(avoided?.weights.keys() ?? []).filter((row) => avoided!.weights[row]! > 0);
  if (avoided === undefined || rows.length === 0) return similarity;
  const { columns } = pool;
  const values = Float64Array.from(
    rows.flatMap((row) => Array.from(avoided.points.values.subarray(row * columns, (row + 1) * columns))),
  );
  const old = { values, rows: rows.length, columns };
  const between = similarityMatrix(old, pool, bandwidth);
  const known = similarityMatrix(old, old, bandwidth);
  rows.forEach((row, index) => {
    // A trace of noise keeps near duplicates solvable.
    known.set(index, index, 1 / Math.min(1, avoided.weights[row]!) + 1e-9);
  });
  return similarity.sub(between.transpose().mmul(new CholeskyDecomposition(known).solve(between)));
}

function similarityMatrix(first: Points, second: Points, bandwidth: number): Matrix {
  const out = Matrix.zeros(first.rows, second.rows);
  for (let row = 0; row < first.rows; row++) {
    for (let other = 0; other < second.rows; other++) {
      let squared = 0;
      for (let column = 0; column < first.columns; column++) {
        const difference = first.values[row * first.columns + column]! - second.values[other * first.columns + column]!;
        squared += difference * difference;
      }
      out.set(row, other, Math.exp(-squared / (2 * bandwidth * bandwidth)));
    }
  }
  return out;
}

function indexAt(probabilities: Float64Array, unit: number): number {
  const total = probabilities.reduce((sum, probability) => sum + probability, 0);
  let sum = 0;
  let last = 0;
  for (let index = 0; index < probabilities.length; index++) {
    if (probabilities[index]! > 0) last = index;
    sum += probabilities[index]!;
    if (unit * total < sum) return index;
  }
  return last;
}

function inner(first: Float64Array, second: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < first.length; index++) sum += first[index]! * second[index]!;
  return sum;
}

function addScaled(to: Float64Array, from: Float64Array, factor: number): void {
  for (let index = 0; index < to.length; index++) to[index]! += factor * from[index]!;
}
