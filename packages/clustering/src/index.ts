export { assignToClusters, type ClusterAssignment } from "./assign-to-clusters.ts";
export { forEachDistanceBlock, type PreparedPoints, preparePoints } from "./block-distances.ts";
export type { CenterSearch, GuessedCenters, PreparedCenterSearch } from "./center-search.ts";
export {
  type ClusterGaussian,
  type ClusterGaussians,
  type ClusterGaussiansOptions,
  clusterGaussians,
  MINIMUM_CLUSTER_SIZE,
  mahalanobisDistance,
} from "./cluster-gaussians.ts";
export { clusterCounts, inducedCenters } from "./cluster-means.ts";
export {
  type FitClusterGaussiansOptions,
  type FittedClusterGaussians,
  fitClusterGaussians,
} from "./fit-cluster-gaussians.ts";
export { type KMeansOptions, type KMeansResult, kMeans } from "./k-means.ts";
export { matchClusters, minimumCostAssignment, partitionDrift, relabel } from "./match-clusters.ts";
export {
  createOnlineKMeans,
  type MiniBatchKMeansOptions,
  miniBatchKMeans,
  type OnlineKMeans,
} from "./online-k-means.ts";
export { assertRowMatrix, type RowMatrix } from "./row-matrix.ts";
export { type ProductColumns, type RowSpan, rowProducts } from "./row-products.ts";
export { loadSimdModule, type SimdModule } from "./wasm/load-simd-module.ts";
