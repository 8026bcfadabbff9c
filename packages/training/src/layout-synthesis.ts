import type { FeatureExtractor, Generator, ImageBatch, LayoutCondition } from "@divgen/core-tensors";
import { bestOfKContentLoss, contentLoss } from "@divgen/losses";
import { type Scalar, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import type { LearningRateSchedule } from "./learning-rate-schedules.ts";
import type { Objective } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import { type LayoutBatch, passWithSegmentNoise, type SegmentDiversityOptions } from "./segment-noise-passes.ts";
import { updateNetwork } from "./update-network.ts";
import { totalOf, type WeightedLoss } from "./weighted-losses.ts";

/** How near generated images are to the photographs. */
export type ContentTerm = (images: ImageBatch, batch: LayoutBatch) => WeightedLoss;

/** What content is measured by. */
export interface ContentOptions {
  /** Borrowed; must outlive the term. */
  readonly extractor: FeatureExtractor;
  /** Weights by layer of the extractor; "input" stands for the images themselves. */
  readonly layerWeights: Readonly<Record<string, number>>;
}

const INPUT = "input";

/** Maps of images at layers of an extractor, of which "input" is the images; owned by the caller. */
function contentFeatures(extractor: FeatureExtractor, images: ImageBatch, layers: readonly string[]): Tensor4D[] {
  const deep = layers.filter((layer) => layer !== INPUT);
  const maps = deep.length === 0 ? [] : extractor.extract(images, deep);
  return layers.map((layer) => (layer === INPUT ? images : maps[deep.indexOf(layer)]!) as Tensor4D);
}

/** CRN's content loss: sum over layers of weight * mean|Phi(G(l)) - Phi(i)|. One image a layout. */
export function createContentTerm({ extractor, layerWeights }: ContentOptions): ContentTerm {
  const layers = Object.keys(layerWeights);
  return (images, { target }) => ({
    name: "content",
    weight: 1,
    value: contentLoss(
      contentFeatures(extractor, images, layers),
      contentFeatures(extractor, target, layers),
      Object.values(layerWeights),
    ),
  });
}

/** CRN's diversity by many outputs: of k images a layout the best of each class counts (`bestOfKContentLoss`). */
export function createBestOfKTerm({ extractor, layerWeights }: ContentOptions): ContentTerm {
  const layers = Object.keys(layerWeights);
  return (images, { target, labels }) => ({
    name: "content",
    weight: 1,
    value: bestOfKContentLoss(
      contentFeatures(extractor, images, layers),
      contentFeatures(extractor, target, layers),
      labels,
      Object.values(layerWeights),
    ),
  });
}

/** What layout synthesis trains, and how. */
export interface LayoutSynthesisOptions {
  /** Its latents are one noise number a class (none for a network of many outputs). */
  readonly generator: Generator<LayoutCondition>;
  readonly optimizer: Optimizer;
  /** Step size at factor 1. */
  readonly learningRate: number;
  readonly learningRateSchedule: LearningRateSchedule;
  readonly content: ContentTerm;
  /** Absent for the base network: one pass, no diversity term. */
  readonly diversity?: SegmentDiversityOptions;
}

/**
 * Synthesis from layouts without an adversary, as cascaded refinement networks are trained, and its diversity by segments:
 *
 *   L = L_content(G(l, n), i) + beta L_div(G(l, n), G(l, 0))
 *
 * @param options - networks are borrowed; the optimizer is taken over.
 * @see Yang et al., "On the Diversity of Realistic Image Synthesis", 2017, eq. 7, 8; Chen and Koltun, ICCV 2017.
 */
export function createLayoutSynthesis(options: LayoutSynthesisOptions): Objective<LayoutBatch> {
  const { generator, optimizer, content, diversity } = options;
  return {
    state: { networks: { generator }, optimizers: { generator: optimizer }, extras: {} },
    step: (batch, { epoch, key }) => {
      optimizer.learningRate = options.learningRate * options.learningRateSchedule(epoch);
      return tidy(() => {
        const report = updateNetwork(generator, optimizer, () => {
          const { images, losses } = passWithSegmentNoise(generator, batch, diversity, key);
          return totalOf("generator", [content(images, batch), ...losses]);
        });
        return report as Record<string, Scalar>;
      });
    },
    dispose: () => optimizer.dispose(),
  };
}
