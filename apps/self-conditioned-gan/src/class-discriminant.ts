import type { RowMatrix } from "@divgen/clustering";
import { meanAndCovariance } from "@divgen/metrics";
import { CholeskyDecomposition, Matrix } from "ml-matrix";

/** Tells classes apart by features. */
export interface ClassDiscriminant {
  /** Logits [sample, class], whose softmax are the classes' probabilities. */
  logits(features: RowMatrix): RowMatrix;
  /** Share of the samples that it was fitted to which it puts into their class. */
  readonly accuracy: number;
}

/** Share of the covariance that is replaced by a multiple of the unit matrix, so that few samples will do. */
const SHRINKAGE = 0.01;

/**
 * Linear discriminant analysis: every class a Gaussian, all of one covariance S and equally likely.
 *
 *   logit_c(x) = m_c . S^-1 x - m_c . S^-1 m_c / 2
 *
 * @param features - [sample, feature], borrowed.
 * @param classIds - of each sample, in [0, classCount).
 * @throws RangeError for a class without samples, or where features do not differ within classes.
 * @see Hastie, Tibshirani, Friedman, "The Elements of Statistical Learning", section 4.3.
 */
export function fitClassDiscriminant(
  features: RowMatrix,
  classIds: ArrayLike<number>,
  classCount: number,
): ClassDiscriminant {
  const { rows, columns } = features;
  const means = meansOfClasses(features, classIds, classCount);
  const residuals = new Float64Array(rows * columns);
  for (let row = 0, index = 0; row < rows; row++) {
    const mean = means[classIds[row]!]!;
    for (let column = 0; column < columns; column++, index++) {
      residuals[index] = features.values[index]! - mean[column]!;
    }
  }
  const { covariance } = meanAndCovariance({ values: residuals, rows, columns });
  const decomposition = new CholeskyDecomposition(
    Matrix.from1DArray(columns, columns, shrunk(covariance, rows, columns)),
  );
  if (!decomposition.isPositiveDefinite()) {
    throw new RangeError(
      "features: expected some that differ within classes, got the same for every sample of a class",
    );
  }
  const normals = decomposition.solve(new Matrix(means).transpose()).transpose();
  const planes = means.map((mean, classId) => {
    const normal = normals.getRow(classId);
    return { normal, offset: -dot(normal, mean, 0) / 2 };
  });
  const logits = (samples: RowMatrix): RowMatrix => {
    const values = new Float64Array(samples.rows * classCount);
    for (let row = 0; row < samples.rows; row++) {
      for (const [classId, { normal, offset }] of planes.entries()) {
        values[row * classCount + classId] = offset + dot(normal, samples.values, row * columns);
      }
    }
    return { values, rows: samples.rows, columns: classCount };
  };
  const right = likeliestClasses(logits(features)).filter((classId, row) => classId === classIds[row]);
  return { logits, accuracy: right.length / rows };
}

/** The class of the largest logit of each row. */
export function likeliestClasses({ values, rows, columns }: RowMatrix): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => {
    let best = 0;
    for (let column = 1; column < columns; column++) {
      if (values[row * columns + column]! > values[row * columns + best]!) best = column;
    }
    return best;
  });
}

function meansOfClasses(
  { values, rows, columns }: RowMatrix,
  classIds: ArrayLike<number>,
  classCount: number,
): Float64Array[] {
  const sums = Array.from({ length: classCount }, () => new Float64Array(columns));
  const counts = new Int32Array(classCount);
  for (let row = 0; row < rows; row++) {
    const sum = sums[classIds[row]!]!;
    counts[classIds[row]!]!++;
    for (let column = 0; column < columns; column++) sum[column]! += values[row * columns + column]!;
  }
  const empty = counts.indexOf(0);
  if (empty >= 0) throw new RangeError(`classIds: expected samples of all ${classCount} classes, got none of ${empty}`);
  return sums.map((sum, classId) => sum.map((value) => value / counts[classId]!));
}

/** (1 - s) S + s trace(S) / size I, where S is the maximum-likelihood covariance: over all samples, not one fewer. */
function shrunk(unbiased: Float64Array, samples: number, size: number): Float64Array {
  const covariance = unbiased.map((value) => (value * (samples - 1)) / samples);
  let trace = 0;
  for (let index = 0; index < size; index++) trace += covariance[index * size + index]!;
  return covariance.map((value, index) => {
    const isDiagonal = index % (size + 1) === 0;
    return (1 - SHRINKAGE) * value + (isDiagonal ? (SHRINKAGE * trace) / size : 0);
  });
}

function dot(normal: ArrayLike<number>, values: ArrayLike<number>, start: number): number {
  let sum = 0;
  for (let index = 0; index < normal.length; index++) sum += normal[index]! * values[start + index]!;
  return sum;
}
