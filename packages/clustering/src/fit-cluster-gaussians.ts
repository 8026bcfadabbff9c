import type { RandomKey } from "@divgen/random";
import {
  type ClusterGaussians,
  type ClusterGaussiansOptions,
  clusterGaussians,
  MINIMUM_CLUSTER_SIZE,
} from "./cluster-gaussians.ts";
import { type KMeansResult, kMeans } from "./k-means.ts";
import type { RowMatrix } from "./row-matrix.ts";

/** How clusters are searched. */
export interface FitClusterGaussiansOptions extends ClusterGaussiansOptions {
  readonly key: RandomKey;
  /** k-means restarts in each attempt. @defaultValue 10 */
  readonly restarts?: number;
  /** Partitions tried before giving up. @defaultValue 20 */
  readonly attempts?: number;
}

/** A partition with its Gaussians. */
export interface FittedClusterGaussians extends ClusterGaussians {
  readonly partition: KMeansResult;
  /** Number of the attempt that gave it: 0 if the first partition had no cluster that was too small. */
  readonly attempt: number;
}

/**
 * k-means, then a Gaussian per cluster. When a cluster has fewer than 3 rows, k-means is run again under another
 * sub-key; attempts after the first half make do with a single restart each, whose local optima vary more.
 *
 * @param data - finite values; one row an image.
 * @throws RangeError if no attempt gave clusters of at least 3 rows: ask for fewer clusters.
 */
export function fitClusterGaussians(
  data: RowMatrix,
  clusterCount: number,
  { key, restarts = 10, attempts = 20, ...gaussianOptions }: FitClusterGaussiansOptions,
): FittedClusterGaussians {
  let largestSmallest = 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const runs = attempt < attempts / 2 ? restarts : 1;
    const partition = kMeans(data, clusterCount, { start: { key: key.fold(attempt) }, restarts: runs });
    const smallest = Math.min(...partition.counts);
    if (smallest >= MINIMUM_CLUSTER_SIZE) {
      return { ...clusterGaussians(data, partition.labels, clusterCount, gaussianOptions), partition, attempt };
    }
    largestSmallest = Math.max(largestSmallest, smallest);
  }
  throw new RangeError(
    `clusterCount: expected clusters of at least ${MINIMUM_CLUSTER_SIZE} rows; in ${attempts} partitions of ` +
      `${data.rows} rows into ${clusterCount} the smallest had at most ${largestSmallest}: use fewer clusters`,
  );
}
