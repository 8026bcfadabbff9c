import type { FeatureExtractor } from "@divgen/core-tensors";
import { readWeightFile } from "@divgen/weight-files";
import { reshape } from "@tensorflow/tfjs-core";
import { decodeBase64 } from "./base64.ts";
import { digitClassifierFile } from "./digit-classifier-file.ts";
import { createFrozenConvolution } from "./frozen-convolution.ts";
import { buildSteps, rectifiedConvolution } from "./frozen-parts.ts";
import { normalizeImages, resizeRuleOf } from "./image-normalization.ts";
import { createStepExtractor, meanOverPositions } from "./step-extractor.ts";
import { lookUpWeights, type NetworkWeights } from "./weight-lookup.ts";

/** A convolution of the digit classifier; kernel 3, padding 1, then batch normalisation and a rectifier. */
export interface DigitConvolution {
  readonly name: string;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly stride: number;
}

/** The digit classifier's layers before its last, which reads the 7 x 7 map as a whole. */
export const digitConvolutions: readonly DigitConvolution[] = [
  { name: "1", inputChannels: 1, outputChannels: 16, stride: 1 },
  { name: "2", inputChannels: 16, outputChannels: 32, stride: 2 },
  { name: "3", inputChannels: 32, outputChannels: 32, stride: 1 },
  { name: "4", inputChannels: 32, outputChannels: 64, stride: 2 },
];

/** Pixels of a side that digits are classified at. */
export const DIGIT_SIZE = 28;

const SIZE = { size: DIGIT_SIZE, channels: null };

/**
 * A small convolutional network that tells the ten digits of MNIST apart, weights inside this package: for counting the
 * modes of generated digits. Its test accuracy is in the card.
 *
 * Input: one channel, white digit on black as in MNIST, [-1, 1]; resized bilinearly to 28 x 28. Layers: "convolution1"
 * to "convolution4" (28, 14, 14, 7 pixels), "scores" [batch, 1, 1, 10], "pooled" [batch, 64], "logits" [batch, 10].
 *
 * @param weights - of this network, with PyTorch's layouts; the embedded ones if absent.
 * @returns owned by the caller.
 * @throws WeightMismatchError if given weights do not fit.
 * @see the card, `weights/digit-classifier.md`: data, accuracy, command, SHA-256.
 */
export function createDigitClassifier(
  weights: NetworkWeights = readWeightFile(decodeBase64(digitClassifierFile)),
): FeatureExtractor {
  const lookup = lookUpWeights(weights, "the digit classifier");
  const steps = buildSteps((add) => {
    for (const { name, ...channels } of digitConvolutions) {
      const norm = { name: `norm${name}`, epsilon: 1e-5 };
      const geometry = { kernelSize: 3, padding: 1, norm };
      add(`convolution${name}`, rectifiedConvolution(lookup, { name: `convolution${name}`, ...channels, ...geometry }));
    }
    const scores = createFrozenConvolution(lookup, {
      ...{ name: "scores", inputChannels: 64, outputChannels: 10 },
      ...{ kernelSize: 7, padding: "valid" },
    });
    add("scores", { forward: scores.apply, dispose: scores.dispose });
    lookup.finish(() => false);
  });
  return createStepExtractor({
    name: "digit-classifier",
    weightHash: weights.sha256,
    resizeRule: resizeRuleOf(SIZE),
    channels: 1,
    preprocess: (images) => normalizeImages(images, SIZE),
    steps,
    derived: {
      pooled: { from: "convolution4", compute: meanOverPositions },
      logits: { from: "scores", compute: (map) => reshape(map, [map.shape[0], 10]) },
    },
  });
}
