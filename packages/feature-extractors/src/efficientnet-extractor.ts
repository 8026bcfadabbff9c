import type { FeatureExtractor } from "@divgen/core-tensors";
import type { EfficientNetSource } from "./efficientnet-names.ts";
import { type EfficientNetPlan, efficientNetB0Plan } from "./efficientnet-plan.ts";
import { frozenEfficientNetSteps } from "./frozen-efficientnet.ts";
import { normalizeImages, resizeRuleOf } from "./image-normalization.ts";
import { createStepExtractor, meanOverChannels, meanOverPositions } from "./step-extractor.ts";
import type { NetworkWeights } from "./weight-lookup.ts";

/** Weights of an EfficientNet and whose names they bear. */
export interface EfficientNetOptions {
  readonly weights: NetworkWeights;
  readonly source: EfficientNetSource;
}

/**
 * EfficientNet-B0 as a feature extractor, with weights of torchvision or timm.
 *
 * Preprocessing: bilinear resize to 224 x 224 (half-pixel centres, no antialiasing), then ImageNet's mean and deviation.
 * Layers: "stem", "stage1" to "stage7" and "head" are maps [batch, height, width, channels], head 7 x 7 x 1280;
 * "spatial-mean" is the mean of the head over its channels, [batch, 49] row by row, the features of the facades paper;
 * "pooled" its mean over the positions, [batch, 1280].
 *
 *     const extractor = createEfficientNetB0({ weights: readWeightFile(bytes), source: "torchvision" });
 *     const [features] = extractor.extract(images, ["spatial-mean"]);
 *
 * @returns owned by the caller.
 * @throws WeightMismatchError listing missing, unexpected and misshapen weights.
 * @see Tan and Le, "EfficientNet", ICML 2019; Suzuki et al., "Diversifying image synthesis using data classification",
 *   VISAPP 2022.
 */
export function createEfficientNetB0(options: EfficientNetOptions): FeatureExtractor {
  return createEfficientNet(efficientNetB0Plan, options);
}

/**
 * An EfficientNet of any plan as a feature extractor, with the layers that `createEfficientNetB0` names. Features do
 * not depend on the batch size, and gradients flow to the images.
 *
 * @returns owned by the caller.
 * @throws WeightMismatchError listing missing, unexpected and misshapen weights.
 */
export function createEfficientNet(plan: EfficientNetPlan, { weights, source }: EfficientNetOptions): FeatureExtractor {
  const normalization = { size: plan.inputSize, channels: plan.normalization };
  return createStepExtractor({
    name: plan.name,
    weightHash: weights.sha256,
    resizeRule: resizeRuleOf(normalization),
    preprocess: (images) => normalizeImages(images, normalization),
    steps: frozenEfficientNetSteps(plan, weights, source),
    derived: {
      "spatial-mean": { from: "head", compute: meanOverChannels },
      pooled: { from: "head", compute: meanOverPositions },
    },
  });
}
