import type { ImageBatch } from "@divgen/core-tensors";
import { computeGradients, createAdam, type Objective } from "@divgen/training";
import {
  add,
  concat,
  dispose,
  logSoftmax,
  mean,
  moments,
  mul,
  neg,
  oneHot,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
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

/** Mean over the batch of -sum target log softmax(logits), target = (1 - s) one-hot + s / classes. */
export function crossEntropy(logits: Tensor2D, labels: Tensor1D, smoothing: number): Scalar {
  const classes = logits.shape[1];
  return tidy(() => {
    const target = add(mul(oneHot(labels, classes), 1 - smoothing), smoothing / classes);
    return neg(mean(sum(mul(target, logSoftmax(logits)), 1))) as Scalar;
  });
}

/** Mean and deviation of each channel of each image: [batch, 6]. */
export function colorStatistics(images: ImageBatch): Tensor2D {
  return tidy(() => {
    const { mean: average, variance } = moments(images, [1, 2]);
    return concat([average, sqrt(add(variance, 1e-6))], 1) as Tensor2D;
  });
}

/**
 * Factor of the learning rate: up linearly over the first quarter of the steps, down to 0 by half a cosine.
 */
export function oneCycle(step: number, steps: number): number {
  const rise = 0.25 * steps;
  return step < rise ? (step + 1) / rise : 0.5 * (1 + Math.cos((Math.PI * (step - rise)) / (steps - rise)));
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
      optimizer.learningRate = learningRate * oneCycle(step, steps);
      const { gradients, report } = computeGradients(network, () => {
        const { logits, mapLogits, colors } = network.predict(images, { mode: "training" });
        const classification = crossEntropy(logits, labels, labelSmoothing);
        const mapClassification = crossEntropy(mapLogits, labels, labelSmoothing);
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
