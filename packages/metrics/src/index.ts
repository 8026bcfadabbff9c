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
  createInceptionScore,
  createKernelDistance,
  createNeighbourMetrics,
  createVendiScore,
} from "./collected-metrics.ts";
export type { Contingency } from "./contingency.ts";
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
export { createFrechetDistance } from "./frechet-accumulator.ts";
export { type FrechetDistance, frechetDistance, frechetDistanceOfFeatures } from "./frechet-distance.ts";
export {
  type ImagePair,
  multiScaleStructuralSimilarity,
  peakSignalToNoiseRatio,
  structuralSimilarity,
  type ValueRange,
} from "./image-similarity.ts";
export { createImageSimilarity, type SimilarityName, similarityNames } from "./image-similarity-accumulator.ts";
export { type InceptionScore, type InceptionScoreOptions, inceptionScore } from "./inception-score.ts";
export {
  kernelDistance,
  type PolynomialKernel,
  type SubsetKernelDistance,
  type SubsetOptions,
  subsetKernelDistance,
} from "./kernel-distance.ts";
export { assertMatrixSize, type LinearAlgebra64, plainLinearAlgebra } from "./linear-algebra.ts";
export type { MergeableMetric, MetricAccumulator } from "./metric-accumulator.ts";
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
export { createMixtureCoverage, createModeCounts, type ModeCountOptions } from "./mode-accumulators.ts";
export {
  countModes,
  type DivergenceOptions,
  type GaussianMixture,
  type MixtureCoverage,
  type MixtureTally,
  type ModeCounts,
  mixtureCoverage,
  type QualityRule,
  reverseKl,
} from "./mode-coverage.ts";
export { deviationWithinModes } from "./mode-deviation.ts";
export { type NeighbourMetrics, neighbourMetrics } from "./neighbour-metrics.ts";
export { meanOfPairs, type PairMean, type PairValues } from "./pair-mean.ts";
export {
  type ConditionDistances,
  createPairwiseDiversity,
  type DistancesByCondition,
} from "./pairwise-accumulator.ts";
export {
  type PairRule,
  type PairwiseDiversity,
  pairDistances,
  pairsOf,
  pairwiseDiversity,
  type SamplePair,
} from "./pairwise-distance.ts";
export { createPartitionAgreement, type LabelledRows } from "./partition-accumulator.ts";
export { type PartitionAgreement, partitionAgreement } from "./partition-agreement.ts";
export { createPerceptualDistance, type FeatureMapPair } from "./perceptual-accumulator.ts";
export { type FeatureMap, perceptualDistance } from "./perceptual-distance.ts";
export { type EvaluationProtocol, type ProtocolName, protocols } from "./protocols.ts";
export {
  binsFromArrays,
  binsToArrays,
  type LoadedArray,
  type SavedArray,
  statisticsFromArrays,
  statisticsToArrays,
} from "./saved-arrays.ts";
export {
  createSegmentResponse,
  type SegmentResponse,
  type SegmentResponseAccumulator,
} from "./segment-response.ts";
export { type CountedConfusion, createSegmentationScores, type LabelMaps } from "./segmentation-accumulator.ts";
export {
  type AbsentClassRule,
  type ConfusionMatrix,
  type ConfusionOptions,
  confusionMatrix,
  meanImageScores,
  mergeConfusion,
  type SegmentationScores,
  segmentationScores,
} from "./segmentation-scores.ts";
export { symmetricEigenvalues } from "./symmetric-eigenvalues.ts";
export { type VendiOrder, vendiScore, vendiScoreOfKernel } from "./vendi-score.ts";
