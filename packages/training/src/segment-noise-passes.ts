import {
  drawSegmentNoise,
  type ForwardPass,
  type Generator,
  type ImageBatch,
  type LayoutCondition,
} from "@divgen/core-tensors";
import { segmentDiversityLoss } from "@divgen/losses";
import type { RandomKey } from "@divgen/random";
import { type Tensor2D, zerosLike } from "@tensorflow/tfjs-core";
import type { WeightedLoss } from "./weighted-losses.ts";

/** Layouts with their photographs. */
export interface LayoutBatch extends LayoutCondition {
  readonly target: ImageBatch;
}

/** How strongly segments are driven apart, and how far. */
export interface SegmentDiversityOptions {
  /** beta; 0.1 on Pix2Pix and 10 on CRN in the paper. */
  readonly weight: number;
  /** lambda_c, the bound of a segment's mean absolute change on [-1, 1]; one for all classes, or one a class. The paper: 0.3. */
  readonly bounds: number | readonly number[];
}

/** Images of one step, and the term that drives them apart. */
export interface NoisePasses {
  /** G(layout, n). */
  readonly images: ImageBatch;
  /** Empty without diversity: then there is no second pass. */
  readonly losses: readonly WeightedLoss[];
}

/**
 * Runs a generator with noise and, for the diversity term, once more with zeros: the same dropout masks, so that noise
 * alone sets the two apart. Runs inside a gradient, which flows through both passes.
 *
 * @see Yang et al., "On the Diversity of Realistic Image Synthesis", 2017, Algorithm 1.
 */
export function passWithSegmentNoise(
  generator: Generator<LayoutCondition>,
  condition: LayoutCondition,
  diversity: SegmentDiversityOptions | undefined,
  key: RandomKey,
): NoisePasses {
  const pass: ForwardPass = { mode: "training", key: key.split("dropout") };
  const noise: Tensor2D = drawSegmentNoise(key.split("noise"), condition.input.shape[0], generator.latentSize);
  const images = generator.generate(noise, condition, pass);
  if (diversity === undefined) return { images, losses: [] };
  const imagesWithoutNoise = generator.generate(zerosLike(noise), condition, pass);
  const { labels } = condition;
  const value = segmentDiversityLoss({ imagesWithNoise: images, imagesWithoutNoise, labels, noise }, diversity.bounds);
  return { images, losses: [{ name: "segment-diversity", weight: diversity.weight, value }] };
}
