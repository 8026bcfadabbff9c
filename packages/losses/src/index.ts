export {
  type AdversarialLoss,
  binaryCrossEntropyLoss,
  hingeLoss,
  leastSquaresLoss,
  nonSaturatingLoss,
  wassersteinLoss,
} from "./adversarial-loss.ts";
export { areaDownsample } from "./area-downsample.ts";
export { type BestOfKOptions, bestOfKContentLoss } from "./best-of-k-content-loss.ts";
export { type ClassificationOptions, softmaxCrossEntropyLoss } from "./classification-loss.ts";
export { type ClusterCenterLossOptions, clusterCenterLoss } from "./cluster-center-loss.ts";
export { type ClusterShapes, clusterMahalanobisLoss } from "./cluster-mahalanobis-loss.ts";
export { type ContentLossOptions, contentLoss, perceptualLoss } from "./content-loss.ts";
export { featureMatchingLoss, featureMeanMatchingLoss } from "./feature-matching-loss.ts";
export { type JudgeLogits, r1Penalty, wganGpPenalty } from "./gradient-penalties.ts";
export { type InversionDistanceOptions, inversionDistance } from "./inversion-distance.ts";
export {
  featureModeSeekingLoss,
  type ModeSeekingLossOptions,
  type ModeSeekingRatioOptions,
  modeSeekingLoss,
  modeSeekingRatio,
} from "./mode-seeking-loss.ts";
export { medianFrequencyWeights, pixelCrossEntropy } from "./pixel-cross-entropy.ts";
export { l1Loss, l2Loss } from "./reconstruction-losses.ts";
export {
  type NoisePair,
  segmentDiversityLoss,
  unboundedGlobalDiversityLoss,
  unboundedSegmentDiversityLoss,
} from "./segment-diversity-loss.ts";
export {
  bernoulliNllLoss,
  gaussianKlLoss,
  gaussianNllLoss,
  monteCarloKlLoss,
  type Reduction,
} from "./variational-losses.ts";
