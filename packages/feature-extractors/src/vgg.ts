import type { FeatureExtractor } from "@divgen/core-tensors";
import { averagePoolPart, buildSteps, maxPoolPart, rectifiedConvolution } from "./frozen-parts.ts";
import { imageNetNormalization, normalizeImages, resizeRuleOf } from "./image-normalization.ts";
import { createStepExtractor, meanOverPositions } from "./step-extractor.ts";
import { lookUpWeights, type NetworkWeights } from "./weight-lookup.ts";

/** Weights of a VGG and how it is run. */
export interface VggOptions {
  /** With torchvision's names; the classifier may be there and is not used. */
  readonly weights: NetworkWeights;
  readonly depth: 16 | 19;
  /** Height and width in pixels that images are resized to, bilinear; null for their own size. @defaultValue 224 */
  readonly size?: number | null;
  /** "average" makes gradients smoother, as style transfer found; the published features have "max". @defaultValue "max" */
  readonly pooling?: "max" | "average";
}

/** Convolutions of each of the five groups, and their channels. */
const GROUPS = { 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4] } as const;
const CHANNELS = [64, 128, 256, 512, 512];

/**
 * VGG16 or VGG19 without batch normalisation, up to its last convolution.
 *
 * Layers: "relu1_1", "relu1_2", ..., "relu5_3" ("relu5_4" for VGG19), maps before each group's pooling, and "pooled", the
 * mean of the last over its positions, [batch, 512]. Input: ImageNet's mean and deviation.
 *
 * @returns owned by the caller.
 * @throws WeightMismatchError listing missing, unexpected and misshapen weights.
 * @see Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015.
 */
export function createVgg({ weights, depth, size = 224, pooling = "max" }: VggOptions): FeatureExtractor {
  const lookup = lookUpWeights(weights, `VGG${depth} (names of torchvision)`);
  const normalization = { size, channels: imageNetNormalization };
  const window = { size: 2, stride: 2 };
  const steps = buildSteps((add) => {
    let inputChannels = 3;
    // torchvision numbers convolutions, ReLUs and poolings in one row.
    let index = 0;
    for (const [group, count] of GROUPS[depth].entries()) {
      const outputChannels = CHANNELS[group]!;
      for (let number = 1; number <= count; number++) {
        const shape = { inputChannels, outputChannels, kernelSize: 3, padding: 1 };
        add(`relu${group + 1}_${number}`, rectifiedConvolution(lookup, { name: `features.${index}`, ...shape }));
        index += 2;
        inputChannels = outputChannels;
      }
      if (group === 4) break;
      add("", pooling === "max" ? maxPoolPart(window) : averagePoolPart({ ...window, countPadding: true }));
      index += 1;
    }
    lookup.finish((name) => name.startsWith("classifier."));
  });
  return createStepExtractor({
    name: pooling === "max" ? `vgg${depth}` : `vgg${depth}-average-pooling`,
    weightHash: weights.sha256,
    resizeRule: resizeRuleOf(normalization),
    preprocess: (images) => normalizeImages(images, normalization),
    steps,
    derived: { pooled: { from: steps.at(-1)!.name, compute: meanOverPositions } },
  });
}
