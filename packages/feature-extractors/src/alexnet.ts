import type { FeatureExtractor } from "@divgen/core-tensors";
import { buildSteps, maxPoolPart, rectifiedConvolution } from "./frozen-parts.ts";
import { imageNetNormalization, normalizeImages, resizeRuleOf } from "./image-normalization.ts";
import { createStepExtractor, meanOverPositions } from "./step-extractor.ts";
import { lookUpWeights, type NetworkWeights } from "./weight-lookup.ts";

/** Weights of an ImageNet network with torchvision's names, and the size it is run at. */
export interface ImageNetNetworkOptions {
  /** With torchvision's names; the classifier may be there and is not used. */
  readonly weights: NetworkWeights;
  /** Height and width in pixels that images are resized to, bilinear; null for their own size. @defaultValue 224 */
  readonly size?: number | null;
}

/** torchvision's index, channels, kernel, stride and padding of each convolution; whether pooling follows. */
const CONVOLUTIONS = [
  { index: 0, channels: 64, kernelSize: 11, stride: 4, padding: 2, isPooled: true },
  { index: 3, channels: 192, kernelSize: 5, stride: 1, padding: 2, isPooled: true },
  { index: 6, channels: 384, kernelSize: 3, stride: 1, padding: 1, isPooled: false },
  { index: 8, channels: 256, kernelSize: 3, stride: 1, padding: 1, isPooled: false },
  { index: 10, channels: 256, kernelSize: 3, stride: 1, padding: 1, isPooled: false },
];

/**
 * AlexNet in the one-tower form of torchvision, up to its last convolution: the trunk of LPIPS "alex".
 *
 * Layers: "relu1" to "relu5", maps, and "pooled", the mean of the last over its positions, [batch, 256]. Input:
 * ImageNet's mean and deviation.
 *
 * @returns owned by the caller.
 * @throws WeightMismatchError listing missing, unexpected and misshapen weights.
 * @see Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.
 */
export function createAlexNet({ weights, size = 224 }: ImageNetNetworkOptions): FeatureExtractor {
  const lookup = lookUpWeights(weights, "AlexNet (names of torchvision)");
  const normalization = { size, channels: imageNetNormalization };
  const steps = buildSteps((add) => {
    let inputChannels = 3;
    for (const [position, { index, channels: outputChannels, isPooled, ...geometry }] of CONVOLUTIONS.entries()) {
      const options = { name: `features.${index}`, inputChannels, outputChannels, ...geometry };
      add(`relu${position + 1}`, rectifiedConvolution(lookup, options));
      if (isPooled) add("", maxPoolPart({ size: 3, stride: 2 }));
      inputChannels = outputChannels;
    }
    lookup.finish((name) => name.startsWith("classifier."));
  });
  return createStepExtractor({
    name: "alexnet",
    weightHash: weights.sha256,
    resizeRule: resizeRuleOf(normalization),
    preprocess: (images) => normalizeImages(images, normalization),
    steps,
    derived: { pooled: { from: "relu5", compute: meanOverPositions } },
  });
}
