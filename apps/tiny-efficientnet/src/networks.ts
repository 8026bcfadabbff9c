import { composeNetwork, type ForwardPass, type ImageBatch, type Network } from "@divgen/core-tensors";
import { createTrainableEfficientNet, tinyEfficientNetPlan } from "@divgen/feature-extractors";
import { createDense, resizeBilinear, torchDefaultInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { mean, reshape, type Tensor2D, tidy } from "@tensorflow/tfjs-core";

/** Places of the head map. */
export const mapSize = 49;
/** Mean and deviation of three channels. */
export const colorStatisticCount = 6;

/** What the network says about a batch while it is trained. */
export interface TrainingOutputs {
  /** [batch, classes] by the pooled features. */
  readonly logits: Tensor2D;
  /** [batch, classes] by the 49 numbers of the spatial mean. */
  readonly mapLogits: Tensor2D;
  /** [batch, 6] by the 49 numbers of the spatial mean. */
  readonly colors: Tensor2D;
}

/** The extractor to be, and the linear readers that only training needs. */
export interface TrainingNetwork extends Network {
  /** The part whose weights are published. */
  readonly backbone: Network;
  /** @returns tensors owned by the caller. */
  predict(images: ImageBatch, pass: ForwardPass): TrainingOutputs;
}

export function createTrainingNetwork(key: RandomKey, classCount: number): TrainingNetwork {
  const backbone = createTrainableEfficientNet(key.split("backbone"), tinyEfficientNetPlan);
  const reader = (name: string, inputSize: number, outputSize: number) =>
    createDense(key.split(name), { inputSize, outputSize, initializer: torchDefaultInitializer });
  const classifier = reader("classifier", tinyEfficientNetPlan.headChannels, classCount);
  const mapClassifier = reader("mapClassifier", mapSize, classCount);
  const mapColors = reader("mapColors", mapSize, colorStatisticCount);
  return {
    ...composeNetwork({ backbone, classifier, mapClassifier, mapColors }),
    backbone,
    predict: (images, pass) =>
      tidy(() => {
        const { inputSize } = tinyEfficientNetPlan;
        const head = backbone.forward(resizeBilinear(images, [inputSize, inputSize]), pass);
        const pooled = mean(head, [1, 2]) as Tensor2D;
        const spatial = reshape(mean(head, 3), [images.shape[0], mapSize]) as Tensor2D;
        return {
          logits: classifier.forward(pooled, pass),
          mapLogits: mapClassifier.forward(spatial, pass),
          colors: mapColors.forward(spatial, pass),
        };
      }),
  };
}
