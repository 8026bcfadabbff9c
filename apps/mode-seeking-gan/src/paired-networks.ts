import type { Discriminator, Generator, Network } from "@divgen/core-tensors";
import { createResidualEncoder, type ResidualEncoder } from "@divgen/models-bicycle";
import {
  createClassicPatchDiscriminator,
  createClassicUnet,
  createPatchDiscriminator,
  createUnetGenerator,
  type PairedCondition,
  pix2pixInitializer,
  releaseInitializer,
} from "@divgen/models-pix2pix";
import type { RandomKey } from "@divgen/random";
import type { Config } from "./config.ts";

/** The networks of paired translation; BicycleGAN has an encoder and a second discriminator besides. */
export interface PairedNetworks extends Record<string, Network> {
  readonly generator: Generator<PairedCondition>;
  readonly discriminator: Discriminator<PairedCondition>;
}
export interface BicycleNetworks extends Record<string, Network> {
  readonly generator: Generator<PairedCondition>;
  readonly encoder: ResidualEncoder;
  readonly encodedDiscriminator: Discriminator<PairedCondition>;
  readonly drawnDiscriminator: Discriminator<PairedCondition>;
}

/** Generator and discriminator as MSGAN releases them; the caller disposes them. */
export function createPairedNetworks(key: RandomKey, config: Config): PairedNetworks {
  return {
    generator: createGenerator(key.split("generator"), config),
    discriminator: createDiscriminator(key.split("discriminator"), config),
  };
}

/** Generator and discriminator of pix2pix as published: dropout is the noise, and there are no latents. */
export function createClassicNetworks(key: RandomKey, { data, model }: Config): PairedNetworks {
  const { generatorChannels, discriminatorChannels, dropoutPlacement } = model;
  return {
    generator: createClassicUnet(key.split("generator"), {
      size: data.size,
      inputChannels: 3,
      outputChannels: 3,
      baseChannels: generatorChannels,
      dropoutPlacement,
    }),
    discriminator: createClassicPatchDiscriminator(key.split("discriminator"), {
      inputChannels: 3,
      imageChannels: 3,
      baseChannels: discriminatorChannels,
    }),
  };
}

/** The same generator as `createPairedNetworks`, with the encoder and the two discriminators of BicycleGAN. */
export function createBicycleNetworks(key: RandomKey, config: Config): BicycleNetworks {
  const { size } = config.data;
  const { encoderChannels, latentSize } = config.model;
  return {
    generator: createGenerator(key.split("generator"), config),
    encoder: createResidualEncoder(key.split("encoder"), {
      size,
      imageChannels: 3,
      baseChannels: encoderChannels,
      latentSize,
      normalization: "instance",
      initializer: initializerOf(config),
    }),
    encodedDiscriminator: createDiscriminator(key.split("discriminator"), config),
    drawnDiscriminator: createDiscriminator(key.split("drawn-discriminator"), config),
  };
}

function createGenerator(key: RandomKey, config: Config): Generator<PairedCondition> {
  const { generatorChannels, latentSize, upsampling } = config.model;
  return createUnetGenerator(key, {
    size: config.data.size,
    inputChannels: 3,
    outputChannels: 3,
    baseChannels: generatorChannels,
    latentSize,
    codeSize: 0,
    placement: "all",
    normalization: "instance",
    dropoutRate: 0,
    upsampling,
    initializer: initializerOf(config),
  });
}

function createDiscriminator(key: RandomKey, config: Config): Discriminator<PairedCondition> {
  return createPatchDiscriminator(key, {
    inputChannels: 3,
    imageChannels: 3,
    codeSize: 0,
    baseChannels: config.model.discriminatorChannels,
    scaleCount: 2,
    // Three strided layers need 64 pixels for the half-size scale to keep a map.
    stridedLayers: config.data.size >= 64 ? 3 : 2,
    conditional: config.model.conditionalDiscriminator,
    normalization: "instance",
    initializer: initializerOf(config),
  });
}

function initializerOf({ model }: Config) {
  return model.initializer === "release" ? releaseInitializer : pix2pixInitializer;
}
