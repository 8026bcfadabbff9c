import {
  inducedCenters,
  type KMeansResult,
  kMeans,
  matchClusters,
  partitionDrift,
  type RowMatrix,
  relabel,
} from "@divgen/clustering";
import type { RandomKey } from "@divgen/random";
import { createTensorCenterSearch } from "./tensor-center-search.ts";

/** A partition of the clustered samples. */
export interface ClusterPartition {
  /** [cluster, column]. */
  readonly centers: RowMatrix<Float64Array>;
  /** Cluster of each sample, in the samples' order. */
  readonly labels: Int32Array;
}

/** What a clustering did. */
export interface ReclusteringRecord {
  /** Steps finished before it. */
  readonly step: number;
  /** Share of samples whose label changed, before the new clusters took old numbers; null where there were no labels yet. */
  readonly driftBeforeMatching: number | null;
  /** The same after renaming; equal to the former where there is none. */
  readonly driftAfterMatching: number | null;
  /** Clusters without a member in the old partition. */
  readonly starvedClusters: number;
  /** Of k-means. */
  readonly iterations: number;
  /** Sum of squared distances of the samples to their centers. */
  readonly inertia: number;
}

/** How samples are clustered, and clustered again. */
export interface PartitionOptions {
  readonly clusterCount: number;
  /**
   * Whether k-means starts from the means of the new features under the old labels (with a random sample for a cluster
   * that has no member); false: from k-means++ every time ("no initialisation").
   */
  readonly startAtInducedMeans: boolean;
  /** Whether new clusters take the numbers of the old ones that they overlap most; false: "no matching". */
  readonly renameAfterOld: boolean;
  /** Runs of k-means++, the best of which counts; from induced means there is one. @defaultValue 10 */
  readonly restarts?: number;
}

/**
 * Clusters samples, given the labels they had.
 *
 * Centers and labels are both renamed, so that the nearest center's number is the label.
 *
 * @param features - one row a sample.
 * @param oldLabels - null at the first time: k-means++, no renaming.
 * @param key - of k-means++ and of the samples that starved clusters get.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020, section 3.2, eq. 3 and 4.
 */
export function partitionAgain(
  features: RowMatrix,
  oldLabels: Int32Array | null,
  key: RandomKey,
  { clusterCount, startAtInducedMeans, renameAfterOld, restarts = 10 }: PartitionOptions,
): { readonly partition: ClusterPartition; readonly record: Omit<ReclusteringRecord, "step"> } {
  if (oldLabels !== null && oldLabels.length !== features.rows) {
    throw new RangeError(`samples: expected the ${oldLabels.length} of the last clustering, got ${features.rows}`);
  }
  const start =
    oldLabels !== null && startAtInducedMeans
      ? { centers: inducedCenters(features, oldLabels, clusterCount, key.split("starved")) }
      : { key: key.split("centers") };
  const result = kMeans(features, clusterCount, { start, restarts, search: createTensorCenterSearch() });
  const { iterations, inertia } = result;
  if (oldLabels === null) {
    const record = { driftBeforeMatching: null, driftAfterMatching: null, starvedClusters: 0, iterations, inertia };
    return { partition: { centers: result.centers, labels: result.labels }, record };
  }
  const partition = renameAfterOld ? renamed(result, oldLabels, clusterCount) : result;
  return {
    partition: { centers: partition.centers, labels: partition.labels },
    record: {
      driftBeforeMatching: partitionDrift(oldLabels, result.labels),
      driftAfterMatching: partitionDrift(oldLabels, partition.labels),
      starvedClusters: clusterCount - new Set(oldLabels).size,
      iterations,
      inertia,
    },
  };
}

function renamed({ centers, labels }: KMeansResult, oldLabels: Int32Array, clusterCount: number): ClusterPartition {
  const mapping = matchClusters(labels, oldLabels, clusterCount);
  const { columns } = centers;
  const values = new Float64Array(centers.values.length);
  for (const [cluster, name] of mapping.entries()) {
    values.set(centers.values.subarray(cluster * columns, (cluster + 1) * columns), name * columns);
  }
  return { centers: { ...centers, values }, labels: relabel(labels, mapping) };
}
