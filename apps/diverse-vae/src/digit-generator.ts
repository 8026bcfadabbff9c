import { asImageBatch, type ImageBatch } from "@divgen/core-tensors";
import type { GeneratorDescription } from "@divgen/experiment";
import { torchDefaultInitializer } from "@divgen/layers";
import { nonSaturatingLoss } from "@divgen/losses";
import { createDcganGenerator, createShallowDiscriminator } from "@divgen/models-dcgan";
import { createConvolutionalVae, decodeImages, type VariationalAutoencoder } from "@divgen/models-vae";
import type { RandomKey } from "@divgen/random";
import {
  createAdam,
  createClusterConditionalObjective,
  createElboObjective,
  type ElboOptions,
  type Objective,
  type SampleBatch,
  type VaeBatch,
} from "@divgen/training";
import { slice, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import { GAN_SIZE, SIZE } from "./data.ts";

/** What makes digits of latents, and how it is trained. */
export interface DigitGenerator {
  readonly latentSize: number;
  /** For runs: how to build it again. */
  readonly description: GeneratorDescription;
  readonly objective: Objective<VaeBatch | SampleBatch<ImageBatch>>;
  /** The autoencoder behind it, if it is one. */
  readonly vae: VariationalAutoencoder | undefined;
  /**
   * @param latents - [batch, latentSize], borrowed.
   * @returns [batch, 28, 28, 1], owned by the caller; gradients flow.
   */
  generate(latents: Tensor2D): ImageBatch;
  dispose(): void;
}

/** What an autoencoder's loss is made of. */
export function elboOptions({ model }: Config): ElboOptions {
  const { likelihood, standardDeviation, divergence } = model;
  return {
    likelihood: likelihood === "gaussian" ? { kind: likelihood, standardDeviation } : { kind: likelihood },
    divergence,
  };
}

/** The method's generator with its objective, from the configuration's seed. */
export function createDigitGenerator(key: RandomKey, config: Config): DigitGenerator {
  return config.method === "gan" ? createGan(key, config) : createVae(key, config);
}

function createVae(key: RandomKey, config: Config): DigitGenerator {
  const { latentSize, likelihood } = config.model;
  const variant = config.method === "vae" ? "paper" : "tutorial";
  const options = { size: SIZE, imageChannels: 1, latentSize, variant } as const;
  const vae = createConvolutionalVae(key, options);
  const objective = createElboObjective({
    network: vae,
    optimizer: createAdam(config.training),
    ...elboOptions(config),
  });
  return {
    latentSize,
    description: { kind: "convolutional-vae", network: "vae", latentSize, options: { ...options, likelihood } },
    objective: objective as Objective<VaeBatch | SampleBatch<ImageBatch>>,
    vae,
    generate: (latents) => decodeImages(vae, latents, likelihood),
    dispose: () => {
      objective.dispose();
      vae.dispose();
    },
  };
}

function createGan(key: RandomKey, { model, training }: Config): DigitGenerator {
  const { latentSize, baseChannels } = model;
  const shared = { size: GAN_SIZE, imageChannels: 1, baseChannels, classCount: 0 };
  const initializer = torchDefaultInitializer;
  const options = { ...shared, latentSize, embeddingSize: 1 };
  const generator = createDcganGenerator(key.split("generator"), { ...options, initializer });
  const discriminator = createShallowDiscriminator(key.split("discriminator"), { ...shared, packSize: 1, initializer });
  const objective = createClusterConditionalObjective<ImageBatch>({
    ...{ generator, discriminator, adversarialLoss: nonSaturatingLoss, r1Weight: 0 },
    generatorOptimizer: createAdam(training),
    discriminatorOptimizer: createAdam(training),
  });
  const border = (GAN_SIZE - SIZE) / 2;
  return {
    latentSize,
    description: { kind: "dcgan", network: "generator", latentSize, options: { ...options, crop: border } },
    objective: objective as Objective<VaeBatch | SampleBatch<ImageBatch>>,
    vae: undefined,
    generate: (latents) =>
      tidy(() => {
        const images = generator.generate(latents, {}, { mode: "inference" });
        return asImageBatch(slice(images, [0, border, border, 0], [-1, SIZE, SIZE, 1]));
      }),
    dispose: () => {
      objective.dispose();
      generator.dispose();
      discriminator.dispose();
    },
  };
}
