import { asImageBatch, type FeatureExtractor, type ImageBatch } from "@divgen/core-tensors";
import { countModes, describeMetric, type MetricResult } from "@divgen/metrics";
import type { GeneratedSamples } from "@divgen/training";
import { argMax, concat, reshape, slice, split, type Tensor2D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/**
 * Modes of stacked digits: each channel's digit by the classifier; modes seen and reverse KL in nats of 1,000.
 *
 * @param batches - disposed after use.
 */
export async function measureStackedDigits(
  batches: Iterable<GeneratedSamples<ImageBatch>>,
  classifier: FeatureExtractor,
  count: number,
): Promise<readonly MetricResult[]> {
  const modes: number[] = [];
  for (const { samples } of batches) modes.push(...(await stackedModes(samples, classifier)));
  const counted = countModes(modes, 1000);
  const { name: extractor, weightHash, resizeRule } = classifier;
  const provenance = { extractor, weightHash, resizeRule, layer: "logits", protocol: "self-conditioned-stacked-mnist" };
  return [
    describeMetric("modes", counted.modes, count, provenance, { details: { of: 1000 } }),
    describeMetric("reverse-kl", counted.reverseKl, count, provenance, { details: { base: "e" } }),
  ];
}

/** 100 red + 10 green + blue of each image, which are freed. */
export async function stackedModes(images: ImageBatch, classifier: FeatureExtractor): Promise<number[]> {
  const batch = images.shape[0];
  const digits = tidy(() => argMax(reshape(stackedDigitFeatures(images, classifier, "logits"), [batch, 3, 10]), 2));
  images.dispose();
  try {
    const values = await digits.data();
    return Array.from(
      { length: batch },
      (_, row) => 100 * values[3 * row]! + 10 * values[3 * row + 1]! + values[3 * row + 2]!,
    );
  } finally {
    digits.dispose();
  }
}

/** [batch, 3 features] of the digits in the three channels, one after the other. Images are borrowed. */
export function stackedDigitFeatures(images: ImageBatch, classifier: FeatureExtractor, layer: string): Tensor2D {
  const [batch, height, width] = images.shape;
  return tidy(() => {
    const channels = [0, 1, 2].map((channel) => slice(images, [0, 0, 0, channel], [batch, height, width, 1]));
    const [rows] = classifier.extract(asImageBatch(concat(channels, 0) as Tensor4D), [layer]);
    const byChannel = split(reshape(rows!, [3 * batch, -1]), 3, 0);
    return concat(byChannel, 1) as Tensor2D;
  });
}
