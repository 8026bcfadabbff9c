import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { clusterCounts, clusterSums } from "./cluster-means.ts";
import { assertLabels, assertRowMatrix, columnMeans, columnVariances, type RowMatrix } from "./row-matrix.ts";

/** How covariances are made safe to invert. */
export interface ClusterGaussiansOptions {
  /** Eigenvalues below this share of the mean eigenvalue (trace / m) are raised to it. @defaultValue 1e-6 */
  readonly relativeEigenvalueFloor?: number;
  /** Added to the diagonal before, as a share of the mean eigenvalue. @defaultValue 0 */
  readonly shrinkage?: number;
}

/** The Gaussian of one cluster on the selected features, m wide. */
export interface ClusterGaussian {
  /** Rows in the cluster. */
  readonly count: number;
  /** Mean of all features. */
  readonly center: Float64Array;
  /** Mean of the selected features, [m]. */
  readonly selectedCenter: Float64Array;
  /** Unbiased covariance of the selected features, [m, m], as computed (no floor, no shrinkage). */
  readonly covariance: Float64Array;
  /** [m, m], inverse of the covariance after shrinkage and floor; symmetric. */
  readonly inverseCovariance: Float64Array;
  /** [m, m], W with W^T W = inverseCovariance: ||W (x - center)|| is the Mahalanobis distance. */
  readonly whiteningFactor: Float64Array;
  /** Largest by smallest eigenvalue of the covariance as computed; infinite if that is singular or worse. */
  readonly conditionNumber: number;
  /** Eigenvalues that the floor raised. */
  readonly raisedEigenvalues: number;
}

/** Gaussians of all clusters over one common set of features. */
export interface ClusterGaussians {
  readonly clusters: readonly ClusterGaussian[];
  /** The m selected features, ascending. */
  readonly featureIndices: Int32Array;
}

/** The fewest rows that give a cluster a covariance of at least two features. */
export const MINIMUM_CLUSTER_SIZE: number = 3;

/**
 * Mean and covariance of each cluster, with inverses that are safe to use.
 *
 * All clusters share one set of features: the m = min(columns, n_min - 1) of largest variance over **all** rows, n_min
 * being the size of the smallest cluster. With n_min - 1 = m the covariance of that cluster is invertible in exact
 * arithmetic only, so eigenvalues are raised to a floor.
 *
 * @param data - finite values.
 * @param labels - one a row, in [0, clusterCount).
 * @throws RangeError if a cluster has fewer than 3 rows (naming the clusters; see `fitClusterGaussians`), or its rows
 * are all equal on the selected features.
 * @see Suzuki et al., "Diversifying Image Synthesis using Data Classification", VISAPP 2022, section 3.3.
 */
export function clusterGaussians(
  data: RowMatrix,
  labels: ArrayLike<number>,
  clusterCount: number,
  { relativeEigenvalueFloor = 1e-6, shrinkage = 0 }: ClusterGaussiansOptions = {},
): ClusterGaussians {
  assertRowMatrix(data, "data");
  assertLabels(labels, data.rows, clusterCount, "labels");
  if (!(relativeEigenvalueFloor > 0)) {
    throw new RangeError(`relativeEigenvalueFloor: expected a number > 0, got ${relativeEigenvalueFloor}`);
  }
  if (!(shrinkage >= 0)) throw new RangeError(`shrinkage: expected a number >= 0, got ${shrinkage}`);
  const counts = clusterCounts(labels, clusterCount);
  const small = Array.from(counts.keys()).filter((cluster) => counts[cluster]! < MINIMUM_CLUSTER_SIZE);
  if (small.length > 0) {
    const named = small.map((cluster) => `${cluster} (${counts[cluster]})`).join(", ");
    throw new RangeError(
      `labels: expected at least ${MINIMUM_CLUSTER_SIZE} rows in every cluster, got clusters ${named}`,
    );
  }
  const featureIndices = selectFeatures(data, Math.min(...counts) - 1);
  const centers = clusterSums(data, labels, clusterCount);
  const clusters = Array.from(counts, (count, cluster): ClusterGaussian => {
    const center = centers.slice(cluster * data.columns, (cluster + 1) * data.columns).map((sum) => sum / count);
    const selectedCenter = Float64Array.from(featureIndices, (feature) => center[feature]!);
    const covariance = covarianceOf(data, labels, cluster, featureIndices, selectedCenter);
    const inverse = invert(covariance, selectedCenter.length, relativeEigenvalueFloor, shrinkage, cluster);
    return { count, center, selectedCenter, covariance, ...inverse };
  });
  return { clusters, featureIndices };
}

/** The features of largest variance, at most `count`, ascending; of equal variances the first. */
function selectFeatures(data: RowMatrix, count: number): Int32Array {
  const variances = columnVariances(data, columnMeans(data));
  const order = Array.from(variances.keys()).sort((a, b) => variances[b]! - variances[a]! || a - b);
  return Int32Array.from(order.slice(0, count)).sort();
}

function covarianceOf(
  { values, rows, columns }: RowMatrix,
  labels: ArrayLike<number>,
  cluster: number,
  features: Int32Array,
  center: Float64Array,
): Float64Array {
  const m = features.length;
  const covariance = new Float64Array(m * m);
  const difference = new Float64Array(m);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (labels[row] !== cluster) continue;
    count++;
    for (let i = 0; i < m; i++) difference[i] = values[row * columns + features[i]!]! - center[i]!;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j <= i; j++) covariance[i * m + j]! += difference[i]! * difference[j]!;
    }
  }
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++) {
      covariance[i * m + j]! /= count - 1;
      covariance[j * m + i] = covariance[i * m + j]!;
    }
  }
  return covariance;
}

type Inverse = Pick<ClusterGaussian, "inverseCovariance" | "whiteningFactor" | "conditionNumber" | "raisedEigenvalues">;

/** Inverse and whitening factor by eigenvalues: V diag(1 / l) V^T and diag(1 / sqrt(l)) V^T. */
function invert(covariance: Float64Array, m: number, floorShare: number, shrinkage: number, cluster: number): Inverse {
  const eigen = new EigenvalueDecomposition(Matrix.from1DArray(m, m, covariance), { assumeSymmetric: true });
  const eigenvalues = eigen.realEigenvalues;
  const meanEigenvalue = eigenvalues.reduce((sum, value) => sum + value, 0) / m;
  if (!(meanEigenvalue > 0)) {
    throw new RangeError(`data: expected rows that differ in every cluster, got equal rows in cluster ${cluster}`);
  }
  const least = Math.min(...eigenvalues);
  const floor = floorShare * meanEigenvalue;
  let raisedEigenvalues = 0;
  const whiteningFactor = new Float64Array(m * m);
  for (let k = 0; k < m; k++) {
    const shrunk = eigenvalues[k]! + shrinkage * meanEigenvalue;
    if (shrunk < floor) raisedEigenvalues++;
    const scale = 1 / Math.sqrt(Math.max(shrunk, floor));
    for (let i = 0; i < m; i++) whiteningFactor[k * m + i] = scale * eigen.eigenvectorMatrix.get(i, k);
  }
  const inverseCovariance = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += whiteningFactor[k * m + i]! * whiteningFactor[k * m + j]!;
      inverseCovariance[i * m + j] = sum;
      inverseCovariance[j * m + i] = sum;
    }
  }
  const conditionNumber = least > 0 ? Math.max(...eigenvalues) / least : Number.POSITIVE_INFINITY;
  return { inverseCovariance, whiteningFactor, conditionNumber, raisedEigenvalues };
}

/**
 * Mahalanobis distance of one row (all features) to a cluster: ||W (x - center)|| on the selected features.
 *
 * @throws RangeError if there is no such cluster or the row has another width.
 */
export function mahalanobisDistance(gaussians: ClusterGaussians, cluster: number, row: ArrayLike<number>): number {
  const gaussian = gaussians.clusters[cluster];
  if (gaussian === undefined) {
    throw new RangeError(`cluster: expected an integer in [0, ${gaussians.clusters.length}), got ${cluster}`);
  }
  if (row.length !== gaussian.center.length) {
    throw new RangeError(`row: expected ${gaussian.center.length} features, got ${row.length}`);
  }
  const m = gaussians.featureIndices.length;
  let total = 0;
  for (let k = 0; k < m; k++) {
    let sum = 0;
    for (let i = 0; i < m; i++) {
      sum += gaussian.whiteningFactor[k * m + i]! * (row[gaussians.featureIndices[i]!]! - gaussian.selectedCenter[i]!);
    }
    total += sum * sum;
  }
  return Math.sqrt(total);
}
