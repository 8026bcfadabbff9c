import type { ForwardPass, ImageBatch, Network } from "@divgen/core-tensors";
import { pixelCrossEntropy } from "@divgen/losses";
import { type Scalar, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import type { LearningRateSchedule } from "./learning-rate-schedules.ts";
import type { Objective } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import { updateNetwork } from "./update-network.ts";
import { totalOf } from "./weighted-losses.ts";

/** A network that scores the classes of every pixel. */
export interface PixelClassifier extends Network {
  segment(images: ImageBatch, pass: ForwardPass): { readonly logits: Tensor4D; readonly auxiliaryLogits?: Tensor4D };
}

/** Photographs with their layouts. */
export interface SegmentationBatch {
  readonly target: ImageBatch;
  /** One-hot, [batch, height, width, class]; pixels that are zero in all classes do not count. */
  readonly labels: Tensor4D;
}

/** How a segmentation network is trained. */
export interface SegmentationObjectiveOptions {
  /** Borrowed. */
  readonly network: PixelClassifier;
  /** Taken over. */
  readonly optimizer: Optimizer;
  /** Step size at factor 1. */
  readonly learningRate: number;
  readonly learningRateSchedule: LearningRateSchedule;
  /** One a class; 1 if absent. */
  readonly classWeights?: readonly number[];
  /** Factor of the auxiliary head's loss, for networks that have one. PSPNet: 0.4. */
  readonly auxiliaryWeight: number;
}

/** Training of a segmentation network by the cross-entropy of pixels, PSPNet's auxiliary head included. */
export function createSegmentationObjective(options: SegmentationObjectiveOptions): Objective<SegmentationBatch> {
  const { network, optimizer, classWeights, auxiliaryWeight } = options;
  return {
    state: { networks: { segmenter: network }, optimizers: { segmenter: optimizer }, extras: {} },
    step: ({ target, labels }, { epoch, key }) => {
      optimizer.learningRate = options.learningRate * options.learningRateSchedule(epoch);
      return tidy(() => {
        const report = updateNetwork(network, optimizer, () => {
          const { logits, auxiliaryLogits } = network.segment(target, { mode: "training", key });
          const value = pixelCrossEntropy(logits, labels, classWeights);
          const losses = [{ name: "cross-entropy", weight: 1, value }];
          if (auxiliaryLogits !== undefined) {
            const auxiliary = pixelCrossEntropy(auxiliaryLogits, labels, classWeights);
            losses.push({ name: "auxiliary-cross-entropy", weight: auxiliaryWeight, value: auxiliary });
          }
          return totalOf("segmenter", losses);
        });
        return report as Record<string, Scalar>;
      });
    },
    dispose: () => optimizer.dispose(),
  };
}
