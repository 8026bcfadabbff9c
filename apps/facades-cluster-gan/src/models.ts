import type { Discriminator, Generator } from "@divgen/core-tensors";
import {
  createPatchDiscriminator,
  createUnetGenerator,
  type PairedCondition,
  pix2pixInitializer,
  releaseInitializer,
} from "@divgen/models-pix2pix";
import type { RandomKey } from "@divgen/random";
import { type Config, usesClusters } from "./config.ts";

/** The networks of a run; the caller disposes them. */
export interface Models {
  readonly generator: Generator<PairedCondition>;
  readonly discriminator: Discriminator<PairedCondition>;
}

/** MSGAN's paired networks; methods with clusters append their one-hot rows to the noise and to D's channels. */
export function createModels(key: RandomKey, config: Config): Models {
  const { size } = config.data;
  const codeSize = usesClusters(config.method) ? config.clusters.count : 0;
  const initializer = config.model.initializer === "release" ? releaseInitializer : pix2pixInitializer;
  const shared = { codeSize, normalization: "instance", initializer } as const;
  return {
    generator: createUnetGenerator(key.split("generator"), {
      ...shared,
      size,
      inputChannels: 3,
      outputChannels: 3,
      baseChannels: config.model.generatorChannels,
      latentSize: config.model.latentSize,
      placement: "all",
      dropoutRate: 0,
    }),
    discriminator: createPatchDiscriminator(key.split("discriminator"), {
      ...shared,
      inputChannels: 3,
      imageChannels: 3,
      baseChannels: config.model.discriminatorChannels,
      scaleCount: 2,
      // Three strided layers need 64 pixels for the half-size scale to keep a map.
      stridedLayers: size >= 64 ? 3 : 2,
      conditional: true,
    }),
  };
}
