import { kmeans as mlKMeans } from "ml-kmeans";
import { assignRows, type ClusterAssignment } from "./assign-to-clusters.ts";
import { distancesToOwn } from "./block-distances.ts";
import { type CenterSearch, createLabelVerifier, type PreparedCenterSearch } from "./center-search.ts";
import { clusterCounts, clusterSums } from "./cluster-means.ts";
import { columnMeans, columnVariances, type RowMatrix } from "./row-matrix.ts";

/** When Lloyd's iteration stops. */
export interface LloydOptions {
  readonly maxIterations: number;
  /** Relative to the mean variance of the columns: stop when the squared movement of all centers is at most this. */
  readonly tolerance: number;
  /** Guesses nearest centers; the result is the same without. */
  readonly search?: CenterSearch | undefined;
}

/** A local optimum of k-means. */
export interface LloydResult {
  readonly centers: RowMatrix<Float64Array>;
  readonly labels: Int32Array;
  readonly inertia: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** Inputs up to this many values are iterated by ml-kmeans, larger ones by blocked distances on typed arrays. */
export const SMALL_INPUT_VALUES: number = 1 << 15;

/** How the parts of an iteration are computed. */
interface LloydSteps {
  /** Nearest centers of the rows, and the sums of the rows of each. */
  step(centers: RowMatrix<Float64Array>): { readonly labels: ArrayLike<number>; readonly sums: Float64Array };
  /** Exact nearest centers, and the distances to them. */
  assign(centers: RowMatrix<Float64Array>): ClusterAssignment;
}

/** Lloyd's iteration over some data. */
export interface Lloyd {
  /** @param initialCenters - [cluster, column]. */
  from(initialCenters: RowMatrix): LloydResult;
  dispose(): void;
}

/**
 * Lloyd's iteration, by the rules of scikit-learn: stop when no label changes or the centers move no more than the
 * tolerance; an empty cluster takes the row farthest from its center; labels and inertia belong to the final centers.
 *
 * @returns owned by the caller; holds what all starts share.
 */
export function createLloyd(data: RowMatrix, options: LloydOptions): Lloyd {
  const shift = columnMeans(data);
  const tolerance = options.tolerance === 0 ? 0 : options.tolerance * meanVariance(data, shift);
  const isSmall = data.values.length <= SMALL_INPUT_VALUES;
  const prepared = isSmall ? undefined : options.search?.prepare(data, shift);
  const steps =
    prepared !== undefined
      ? createSearchSteps(data, shift, prepared)
      : isSmall
        ? createMlKMeansSteps(data, shift)
        : createBlockedSteps(data, shift);
  return {
    from: (initialCenters) => iterate(data, initialCenters, { ...options, tolerance }, steps),
    dispose: () => prepared?.dispose(),
  };
}

function meanVariance(data: RowMatrix, means: Float64Array): number {
  return columnVariances(data, means).reduce((sum, value) => sum + value, 0) / data.columns;
}

function iterate(
  data: RowMatrix,
  initialCenters: RowMatrix,
  { maxIterations, tolerance }: LloydOptions,
  { step, assign }: LloydSteps,
): LloydResult {
  let centers: RowMatrix<Float64Array> = { ...initialCenters, values: Float64Array.from(initialCenters.values) };
  let labels: ArrayLike<number> = [];
  let converged = false;
  let iterations = 0;
  while (iterations < maxIterations && !converged) {
    iterations++;
    const { labels: newLabels, sums } = step(centers);
    const newCenters = centersFrom(data, newLabels, sums, centers);
    const settled = iterations > 1 && sameLabels(labels, newLabels);
    labels = newLabels;
    converged = settled || squaredMovement(centers, newCenters) <= tolerance;
    centers = newCenters;
  }
  const final = assign(centers);
  let inertia = 0;
  for (const distance of final.squaredDistances) inertia += distance;
  return { centers, labels: final.labels, inertia, iterations, converged };
}

function createBlockedSteps(data: RowMatrix, shift: Float64Array): LloydSteps {
  return {
    step: (centers) => {
      const { labels } = assignRows(data, centers, shift);
      return { labels, sums: clusterSums(data, labels, centers.rows) };
    },
    assign: (centers) => assignRows(data, centers, shift),
  };
}

function createSearchSteps(data: RowMatrix, shift: Float64Array, prepared: PreparedCenterSearch): LloydSteps {
  const verifier = createLabelVerifier(data, shift, prepared.norms);
  const nearest = (centers: RowMatrix<Float64Array>) => verifier.verify(prepared.nearest(centers), centers);
  return {
    step: (centers) => {
      const labels = nearest(centers);
      const sums = prepared.sums?.(labels, centers.rows) ?? clusterSums(data, labels, centers.rows);
      return { labels, sums };
    },
    assign: (centers) => {
      const labels = nearest(centers);
      return { labels, squaredDistances: distancesToOwn(data, labels, centers, shift) };
    },
  };
}

function createMlKMeansSteps(data: RowMatrix, shift: Float64Array): LloydSteps {
  const points = toArrays(data);
  return {
    step: (centers) => {
      const { clusters } = mlKMeans(points, centers.rows, {
        initialization: toArrays(centers),
        maxIterations: 1,
        tolerance: 0,
      });
      return { labels: clusters, sums: clusterSums(data, clusters, centers.rows) };
    },
    assign: (centers) => assignRows(data, centers, shift),
  };
}

function toArrays({ values, rows, columns }: RowMatrix): number[][] {
  return Array.from({ length: rows }, (_, row) => Array.from(values.subarray(row * columns, (row + 1) * columns)));
}

/** Means of the clusters; each empty one takes over a row that is farthest from its own center. */
function centersFrom(
  data: RowMatrix,
  labels: ArrayLike<number>,
  sums: Float64Array,
  oldCenters: RowMatrix,
): RowMatrix<Float64Array> {
  const { rows: clusterCount, columns } = oldCenters;
  const counts = clusterCounts(labels, clusterCount);
  const empty = Array.from(counts.keys()).filter((cluster) => counts[cluster] === 0);
  if (empty.length > 0) {
    const farthest = farthestRows(data, labels, oldCenters, empty.length);
    empty.forEach((cluster, index) => {
      const row = farthest[index]!;
      const donor = labels[row]!;
      for (let column = 0; column < columns; column++) {
        const value = data.values[row * columns + column]!;
        sums[cluster * columns + column] = value;
        sums[donor * columns + column]! -= value;
      }
      counts[cluster] = 1;
      counts[donor]!--;
    });
  }
  const values = new Float64Array(sums.length);
  for (let cluster = 0, index = 0; cluster < clusterCount; cluster++) {
    for (let column = 0; column < columns; column++, index++) {
      // A donor may have given away its last row: it stays where it was.
      values[index] = counts[cluster]! > 0 ? sums[index]! / counts[cluster]! : oldCenters.values[index]!;
    }
  }
  return { values, rows: clusterCount, columns };
}

/** Numbers of the rows farthest from the centers of their labels, farthest first. */
function farthestRows(data: RowMatrix, labels: ArrayLike<number>, centers: RowMatrix, count: number): number[] {
  const { values, rows, columns } = data;
  const distances = new Float64Array(rows);
  for (let row = 0, index = 0; row < rows; row++) {
    const start = labels[row]! * columns;
    for (let column = 0; column < columns; column++, index++) {
      distances[row]! += (values[index]! - centers.values[start + column]!) ** 2;
    }
  }
  const order = Array.from(distances.keys());
  return order.sort((a, b) => distances[b]! - distances[a]! || a - b).slice(0, count);
}

function squaredMovement(before: RowMatrix, after: RowMatrix): number {
  let sum = 0;
  for (let index = 0; index < before.values.length; index++) {
    sum += (after.values[index]! - before.values[index]!) ** 2;
  }
  return sum;
}

function sameLabels(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let row = 0; row < a.length; row++) if (a[row] !== b[row]) return false;
  return true;
}
