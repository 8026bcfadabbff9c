import type { ImageBatch } from "@divgen/core-tensors";
import { softmaxCrossEntropyLoss } from "@divgen/losses";
import { computeGradients, createAdam, type Objective, oneCycleFactor } from "@divgen/training";
import {
  add,
  concat,
  dispose,
  mean,
  moments,
  mul,
  type Scalar,
  sqrt,
  square,
  sub,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";
import type { TrainingConfig } from "./config.ts";
import { colorStatisticCount, type TrainingNetwork } from "./networks.ts";

/** One training batch. */
export interface LabeledBatch {
  readonly images: ImageBatch;
  /** int32 [batch]. */
  readonly labels: Tensor1D;
}

/** Mean and deviation of each channel of each image: [batch, 6]. */
export function colorStatistics(images: ImageBatch): Tensor2D {
  return tidy(() => {
    const { mean: average, variance } = moments(images, [1, 2]);
    return concat([average, sqrt(add(variance, 1e-6))], 1) as Tensor2D;
  });
}

/**
 * Classification by the pooled features, plus classification and colour statistics by the 49 numbers of the spatial
 * mean: the layer that clusters are made of is to carry both what is shown and in which colours.
 */
export function createObjective(
  network: TrainingNetwork,
  config: TrainingConfig,
  steps: number,
): Objective<LabeledBatch> {
  const { learningRate, weightDecay, labelSmoothing, mapClassWeight, mapColorWeight } = config;
  const optimizer = createAdam({ learningRate, firstMomentDecay: 0.9, secondMomentDecay: 0.99, weightDecay });
  return {
    state: { networks: { network }, optimizers: { optimizer }, extras: {} },
    step: ({ images, labels }, { step }) => {
      optimizer.learningRate = learningRate * oneCycleFactor(step, steps);
      const { gradients, report } = computeGradients(network, () => {
        const { logits, mapLogits, colors } = network.predict(images, { mode: "training" });
        const classification = softmaxCrossEntropyLoss(logits, labels, { smoothing: labelSmoothing });
        const mapClassification = softmaxCrossEntropyLoss(mapLogits, labels, { smoothing: labelSmoothing });
        const mapColors = mul(mean(square(sub(colors, colorStatistics(images)))), colorStatisticCount) as Scalar;
        const total = add(
          classification,
          add(mul(mapClassWeight, mapClassification), mul(mapColorWeight, mapColors)),
        ) as Scalar;
        return { total, report: { classification, mapClassification, mapColors } };
      });
      optimizer.applyGradients(network.parameters, gradients);
      dispose(Object.fromEntries(gradients));
      return report;
    },
    dispose: () => optimizer.dispose(),
  };
}

/** Class numbers as an int32 tensor, owned by the caller. */
export function labelTensor(labels: Int32Array, indices: ArrayLike<number>): Tensor1D {
  return tensor1d(
    Int32Array.from(indices, (index) => labels[index]!),
    "int32",
  );
}
