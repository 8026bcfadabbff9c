export { createBinMetrics } from "./bin-accumulator.ts";
export {
  assignToBins,
  type BinComparison,
  type BinDifference,
  type BinTestOptions,
  compareBins,
  countInBins,
  jensenShannonDivergence,
} from "./bin-comparison.ts";
export { type BinOptions, type Bins, createBins } from "./bins.ts";
export {
  createStatisticsAccumulator,
  type FeatureStatistics,
  LEAF_ROWS,
  meanAndCovariance,
  mergeShards,
  type StatisticsAccumulator,
  type StatisticsShard,
  statisticsOf,
} from "./feature-statistics.ts";
export { createFrechetDistance, type MetricAccumulator } from "./frechet-accumulator.ts";
export { type FrechetDistance, frechetDistance, frechetDistanceOfFeatures } from "./frechet-distance.ts";
export {
  assertComparable,
  describeMetric,
  type MetricExtras,
  type MetricName,
  type MetricResult,
  metricNames,
  metricTitle,
  type Provenance,
} from "./metric-result.ts";
export {
  type PairRule,
  type PairwiseDiversity,
  pairDistances,
  pairsOf,
  pairwiseDiversity,
  type SamplePair,
} from "./pairwise-distance.ts";
export {
  binsFromArrays,
  binsToArrays,
  type LoadedArray,
  type SavedArray,
  statisticsFromArrays,
  statisticsToArrays,
} from "./saved-arrays.ts";
export { symmetricEigenvalues } from "./symmetric-eigenvalues.ts";
