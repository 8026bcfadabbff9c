export { type AdamOptions, createAdam } from "./adam.ts";
export { type AutoencoderOptions, createAutoencoderObjective } from "./autoencoder-objective.ts";
export {
  type BicycleTranslationOptions,
  createBicycleTranslation,
  type LatentEncoder,
} from "./bicycle-translation.ts";
export { type ClassModeSeekingOptions, createClassModeSeeking } from "./class-mode-seeking.ts";
export { type ClassicTranslationOptions, createClassicTranslation } from "./classic-translation.ts";
export {
  type ClusterConditionalOptions,
  type ConditionalBatch,
  createClusterConditionalObjective,
  type SampleBatch,
} from "./cluster-conditional-objective.ts";
export type { ClusterView, ReclusteringObjective } from "./cluster-conditions.ts";
export type { PartitionOptions, ReclusteringRecord } from "./cluster-partition.ts";
export {
  type ClusterSamplingOptions,
  clusterProbabilities,
  type GeneratedSamples,
  generateFromClusters,
} from "./cluster-sampling.ts";
export { type ClusterTermOptions, createClusterTerm } from "./cluster-term.ts";
export {
  createElboObjective,
  type ElboOptions,
  type Likelihood,
  negativeElbo,
  type VaeBatch,
} from "./elbo-objective.ts";
export { extractFeatureRows, extractLayerRows, type FeatureRows } from "./feature-rows.ts";
export { createGeneratorMixtureObjective, type GeneratorMixtureOptions } from "./generator-mixture-objective.ts";
export { type ComputedGradients, type ComputedLoss, computeGradients } from "./gradients.ts";
export {
  createInversionEncoderObjective,
  type InversionEncoder,
  type InversionEncoderOptions,
} from "./inversion-encoder-objective.ts";
export { type InvertedSamples, type InvertOptions, invertSamples, regenerate } from "./invert-samples.ts";
export {
  type ContentOptions,
  type ContentTerm,
  createBestOfKTerm,
  createContentTerm,
  createLayoutSynthesis,
  type LayoutSynthesisOptions,
} from "./layout-synthesis.ts";
export { createLayoutTranslation, type LayoutTranslationOptions } from "./layout-translation.ts";
export {
  constantSchedule,
  type LearningRateSchedule,
  type LinearDecayOptions,
  linearDecaySchedule,
  oneCycleFactor,
} from "./learning-rate-schedules.ts";
export { createFeatureModeSeekingTerm, createModeSeekingTerm } from "./mode-seeking-term.ts";
export type { ExtraState, LossReport, Objective, SavedArray, StepContext, TrainingState } from "./objective.ts";
export type { Optimizer, SavedSlot } from "./optimizer.ts";
export {
  createPairedTranslation,
  type GeneratorTerm,
  type PairedBatch,
  type PairedTranslationOptions,
  type TranslationCondition,
  type TranslationOutputs,
} from "./paired-translation.ts";
export { createRotationObjective, QUARTER_TURNS, quarterTurns, type RotationOptions } from "./rotation-objective.ts";
export { collectSampleRows } from "./sample-rows.ts";
export type { LayoutBatch, SegmentDiversityOptions } from "./segment-noise-passes.ts";
export {
  createSegmentationObjective,
  type PixelClassifier,
  type SegmentationBatch,
  type SegmentationObjectiveOptions,
} from "./segmentation-objective.ts";
export { createTensorCenterSearch } from "./tensor-center-search.ts";
export { type AbortSignalLike, type BatchSource, type TrainOptions, train } from "./train.ts";
export {
  DivergedError,
  type DueEvent,
  type FinishedEvent,
  type InterruptedEvent,
  type ProgressEvent,
  type TrainingEvent,
} from "./training-event.ts";
export {
  createWeightAverage,
  type WeightAverage,
  type WeightAverageOptions,
  withWeightAveraging,
} from "./weight-averaging.ts";
export type { WeightedLoss } from "./weighted-losses.ts";
export { type FixedClustersOptions, type FixedFeatures, withFixedClusters } from "./with-fixed-clusters.ts";
export {
  type OnlineClusteringObjective,
  type OnlineClusteringOptions,
  type OnlineClusterView,
  withOnlineClustering,
} from "./with-online-clustering.ts";
export { withRandomLabels } from "./with-random-labels.ts";
export {
  type ReclusteringOptions,
  withReclustering,
} from "./with-reclustering.ts";
