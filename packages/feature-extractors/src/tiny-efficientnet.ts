import type { FeatureExtractor } from "@divgen/core-tensors";
import { readWeightFile } from "@divgen/weight-files";
import { decodeBase64 } from "./base64.ts";
import { createEfficientNet } from "./efficientnet-extractor.ts";
import { tinyEfficientNetPlan } from "./efficientnet-plan.ts";
import { tinyEfficientNetFile } from "./tiny-efficientnet-file.ts";

/**
 * The embedded extractor: EfficientNet blocks at reduced width and depth, trained on CIFAR-10, weights inside this
 * package. It makes features meaningful without any download; it is no substitute for the networks that published
 * numbers are made with, and no number made with it may bear their names.
 *
 * Preprocessing: bilinear resize to 56 x 56 (half-pixel centres, no antialiasing), values in [-1, 1].
 * Layers: "stem" [batch, 28, 28, 16], "stage1" [batch, 28, 28, 16], "stage2" [batch, 14, 14, 24], "stage3"
 * [batch, 7, 7, 48], "stage4" [batch, 7, 7, 80], "head" [batch, 7, 7, 320]; "spatial-mean" is the mean of the head over
 * its channels, [batch, 49] row by row, and "pooled" over its positions, [batch, 320].
 *
 * @returns owned by the caller.
 * @see the card, `weights/tiny-efficientnet.md`: data, accuracy, command, SHA-256.
 */
export function createTinyEfficientNet(): FeatureExtractor {
  const weights = readWeightFile(decodeBase64(tinyEfficientNetFile));
  return createEfficientNet(tinyEfficientNetPlan, { weights, source: "torchvision" });
}
