import type { ClassCondition, Discriminator, Generator } from "@divgen/core-tensors";
import { torchDefaultInitializer } from "@divgen/layers";
import { createPointDiscriminator, createPointGenerator } from "@divgen/models-points";
import type { RandomKey } from "@divgen/random";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { type Config, classCountOf, packSizeOf } from "./config.ts";

/** PacGAN's generator of points, with as many classes as the method has. */
export function createGenerator(key: RandomKey, config: Config): Generator<ClassCondition, Tensor2D> {
  const { latentSize, embeddingSize, generatorWidth } = config.model;
  return createPointGenerator(key, {
    ...{ latentSize, embeddingSize, pointSize: 2, classCount: classCountOf(config) },
    ...{ hiddenLayers: 4, hiddenSize: generatorWidth, hiddenBias: true, batchNormMomentum: 0.1 },
    initializer: torchDefaultInitializer,
  });
}

/** PacGAN's maxout discriminator. */
export function createDiscriminator(key: RandomKey, config: Config): Discriminator<ClassCondition, Tensor2D> {
  return createPointDiscriminator(key, {
    ...{ pointSize: 2, packSize: packSizeOf(config.method), classCount: classCountOf(config) },
    ...{ hiddenLayers: 3, hiddenSize: config.model.discriminatorWidth, pieces: 5 },
    initializer: torchDefaultInitializer,
  });
}
