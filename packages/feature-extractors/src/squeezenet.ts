import type { FeatureExtractor } from "@divgen/core-tensors";
import type { ImageNetNetworkOptions } from "./alexnet.ts";
import { branches, buildSteps, maxPoolPart, rectifiedConvolution, sequence } from "./frozen-parts.ts";
import { imageNetNormalization, normalizeImages, resizeRuleOf } from "./image-normalization.ts";
import { createStepExtractor, type FrozenPart, meanOverPositions } from "./step-extractor.ts";
import { lookUpWeights, type NetworkWeights, type WeightLookup } from "./weight-lookup.ts";

/** torchvision's index of each fire module, its channels, and whether a pooling comes before it. */
const FIRES = [
  { index: 3, inputs: 64, squeeze: 16, expand: 64, isPooledBefore: true },
  { index: 4, inputs: 128, squeeze: 16, expand: 64, isPooledBefore: false },
  { index: 6, inputs: 128, squeeze: 32, expand: 128, isPooledBefore: true },
  { index: 7, inputs: 256, squeeze: 32, expand: 128, isPooledBefore: false },
  { index: 9, inputs: 256, squeeze: 48, expand: 192, isPooledBefore: true },
  { index: 10, inputs: 384, squeeze: 48, expand: 192, isPooledBefore: false },
  { index: 11, inputs: 384, squeeze: 64, expand: 256, isPooledBefore: false },
  { index: 12, inputs: 512, squeeze: 64, expand: 256, isPooledBefore: false },
] as const;

/**
 * SqueezeNet 1.1 of torchvision, up to its last fire module: the trunk of LPIPS "squeeze".
 *
 * Layers: "relu1" [..., 64], "fire2" to "fire9" (128, 128, 256, 256, 384, 384, 512, 512 channels), maps, and "pooled",
 * the mean of the last over its positions, [batch, 512]. Input: ImageNet's mean and deviation.
 *
 * @returns owned by the caller.
 * @throws WeightMismatchError listing missing, unexpected and misshapen weights.
 * @see Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", 2016.
 */
export function createSqueezeNet({ weights, size = 224 }: ImageNetNetworkOptions): FeatureExtractor {
  const normalization = { size, channels: imageNetNormalization };
  return createStepExtractor({
    name: "squeezenet-1.1",
    weightHash: weights.sha256,
    resizeRule: resizeRuleOf(normalization),
    preprocess: (images) => normalizeImages(images, normalization),
    steps: squeezeNetSteps(weights),
    derived: { pooled: { from: "fire9", compute: meanOverPositions } },
  });
}

function squeezeNetSteps(weights: NetworkWeights) {
  const lookup = lookUpWeights(weights, "SqueezeNet 1.1 (names of torchvision)");
  return buildSteps((add) => {
    const stem = { name: "features.0", inputChannels: 3, outputChannels: 64, kernelSize: 3, stride: 2, padding: 0 };
    add("relu1", rectifiedConvolution(lookup, stem));
    for (const [position, fire] of FIRES.entries()) {
      // Windows that reach over the border count, as Caffe has it.
      if (fire.isPooledBefore) add("", maxPoolPart({ size: 3, stride: 2, partialWindows: true }));
      add(`fire${position + 2}`, fireModule(lookup, fire));
    }
    lookup.finish((name) => name.startsWith("classifier."));
  });
}

/** A 1 x 1 convolution to few channels, then 1 x 1 and 3 x 3 ones side by side. */
function fireModule(lookup: WeightLookup, { index, inputs, squeeze, expand }: (typeof FIRES)[number]): FrozenPart {
  const unit = (part: string, inputChannels: number, outputChannels: number, kernelSize: 1 | 3) => {
    const padding = (kernelSize - 1) / 2;
    const name = `features.${index}.${part}`;
    return rectifiedConvolution(lookup, { name, inputChannels, outputChannels, kernelSize, padding });
  };
  return sequence(
    unit("squeeze", inputs, squeeze, 1),
    branches(unit("expand1x1", squeeze, expand, 1), unit("expand3x3", squeeze, expand, 3)),
  );
}
