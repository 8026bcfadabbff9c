import { choice, integers, type RandomKey } from "@divgen/random";
import { assertSameWidth, assignToClusters, type ClusterAssignment } from "./assign-to-clusters.ts";
import { clusterCounts } from "./cluster-means.ts";
import { assertPositiveInteger, type KMeansResult } from "./k-means.ts";
import { drawInitialCenters } from "./k-means-plus-plus.ts";
import { assertRowMatrix, type RowMatrix, takeRows } from "./row-matrix.ts";

/** Centers that follow a stream of batches. */
export interface OnlineKMeans {
  /** [cluster, column]; moved by `update`. */
  readonly centers: RowMatrix<Float64Array>;
  /** Rows each center has taken in; with `centers`, the whole state to save. */
  readonly counts: Float64Array;
  /**
   * Assigns the batch to the centers as they stand, then moves each center towards its rows, one after the other:
   * center += (row - center) / count, the count including that row.
   *
   * @returns labels and distances from before the movement.
   * @throws RangeError for values that are not finite or another width.
   */
  update(batch: RowMatrix): ClusterAssignment;
}

/**
 * Online k-means: each center is the running mean of the rows it has taken in.
 *
 * @param initialCenters - copied. With counts of 0, the first row that a center takes in replaces it.
 * @param counts - rows behind each center already; zeros when absent.
 * @see Liu et al., "Diverse Image Generation via Self-Conditioned GANs", CVPR 2020 (online clustering); MacQueen 1967.
 */
export function createOnlineKMeans(initialCenters: RowMatrix, counts?: ArrayLike<number>): OnlineKMeans {
  assertRowMatrix(initialCenters, "initialCenters");
  const { rows: clusterCount, columns } = initialCenters;
  if (counts !== undefined && counts.length !== clusterCount) {
    throw new RangeError(`counts: expected ${clusterCount} numbers, got ${counts.length}`);
  }
  const centers = Float64Array.from(initialCenters.values);
  const taken = Float64Array.from(counts ?? new Float64Array(clusterCount));
  const state = { values: centers, rows: clusterCount, columns };
  return {
    centers: state,
    counts: taken,
    update: (batch) => {
      const assignment = assignToClusters(batch, state);
      for (let row = 0, index = 0; row < batch.rows; row++) {
        const cluster = assignment.labels[row]!;
        const rate = 1 / ++taken[cluster]!;
        const start = cluster * columns;
        for (let column = 0; column < columns; column++, index++) {
          centers[start + column]! += (batch.values[index]! - centers[start + column]!) * rate;
        }
      }
      return assignment;
    },
  };
}

/** How mini-batch k-means runs. */
export interface MiniBatchKMeansOptions {
  readonly key: RandomKey;
  /** Rows in a batch, drawn with replacement. */
  readonly batchSize: number;
  /** Number of batches. */
  readonly steps: number;
  /** [cluster, column]; k-means++ on 3 batches' worth of rows when absent. */
  readonly initialCenters?: RowMatrix;
}

/**
 * Mini-batch k-means for data that are too many for Lloyd's algorithm: each center becomes the mean of all rows that
 * batches have given it. Inertia comes out a few per cent above `kMeans`.
 *
 * @param data - finite values, at least `clusterCount` rows.
 * @returns labels, counts and inertia of all rows for the final centers; `converged` is false, for nothing is tested.
 * @throws RangeError as `kMeans`.
 * @see Sculley, "Web-scale k-means clustering", WWW 2010.
 */
export function miniBatchKMeans(
  data: RowMatrix,
  clusterCount: number,
  { key, batchSize, steps, initialCenters }: MiniBatchKMeansOptions,
): KMeansResult {
  assertRowMatrix(data, "data");
  assertPositiveInteger(clusterCount, "clusterCount");
  assertPositiveInteger(batchSize, "batchSize");
  assertPositiveInteger(steps, "steps");
  if (clusterCount > data.rows) {
    throw new RangeError(`clusterCount: expected at most the number of rows, ${data.rows}, got ${clusterCount}`);
  }
  if (initialCenters) {
    assertSameWidth(data, initialCenters);
    if (initialCenters.rows !== clusterCount) {
      throw new RangeError(`initialCenters: expected ${clusterCount} rows, got ${initialCenters.rows}`);
    }
  }
  const online = createOnlineKMeans(
    initialCenters ?? drawFromSubset(data, clusterCount, batchSize, key.split("start")),
  );
  const batchKey = key.split("batches");
  for (let step = 0; step < steps; step++) {
    online.update(takeRows(data, integers(batchKey.fold(step), batchSize, 0, data.rows)));
  }
  const { labels, squaredDistances } = assignToClusters(data, online.centers);
  return {
    centers: online.centers,
    labels,
    counts: clusterCounts(labels, clusterCount),
    inertia: squaredDistances.reduce((sum, distance) => sum + distance, 0),
    iterations: steps,
    converged: false,
  };
}

function drawFromSubset(data: RowMatrix, clusterCount: number, batchSize: number, key: RandomKey): RowMatrix {
  const size = Math.min(data.rows, Math.max(3 * batchSize, clusterCount));
  const subset = takeRows(data, choice(key.split("subset"), data.rows, size));
  return drawInitialCenters(subset, clusterCount, key.split("centers"));
}
