import type { Discriminator, Generator, ImageBatch, LayoutCondition } from "@divgen/core-tensors";
import type { GeneratorDescription } from "@divgen/experiment";
import type { LabelPalette } from "@divgen/image-files";
import { createCascadedRefinement } from "@divgen/models-crn";
import { createLayoutUnet, createPatchDiscriminator, pix2pixInitializer } from "@divgen/models-pix2pix";
import type { RandomKey } from "@divgen/random";
import { type Config, isCrn } from "./config.ts";

/** The networks of a run; the caller disposes them. */
export interface Models {
  readonly generator: Generator<LayoutCondition>;
  /** Absent where there is no adversary: CRN. */
  readonly discriminator?: Discriminator<{ readonly input: ImageBatch }>;
  /** Images that the generator makes of one layout and one noise. */
  readonly outputCount: number;
}

function unetOptions({ pix2pix, data }: Config, classCount: number) {
  const { generatorChannels, dropoutRate, normalization } = pix2pix;
  return {
    size: data.height,
    outputChannels: 3,
    baseChannels: generatorChannels,
    classCount,
    dropoutRate,
    normalization,
  };
}

function refinementOptions({ crn, data, method }: Config, classCount: number) {
  const isNine = method === "crn-nine";
  const { height, aspect } = data;
  const outputCount = isNine ? crn.outputCount : 1;
  return { height, aspect, classCount, widthScale: crn.widthScale, outputCount, hasNoise: !isNine };
}

/** The method's networks. All generators but that of nine outputs have the noise channel, so that knobs can be compared. */
export function createModels(key: RandomKey, config: Config, classCount: number): Models {
  const { data, pix2pix } = config;
  if (isCrn(config.method)) {
    const options = refinementOptions(config, classCount);
    return {
      generator: createCascadedRefinement(key.split("generator"), options),
      outputCount: options.outputCount,
    };
  }
  return {
    generator: createLayoutUnet(key.split("generator"), {
      ...unetOptions(config, classCount),
      initializer: pix2pixInitializer,
    }),
    discriminator: createPatchDiscriminator(key.split("discriminator"), {
      inputChannels: 3,
      imageChannels: 3,
      codeSize: 0,
      baseChannels: pix2pix.discriminatorChannels,
      scaleCount: 1,
      stridedLayers: data.height >= 64 ? 3 : 2,
      conditional: true,
      normalization: pix2pix.normalization,
      initializer: pix2pixInitializer,
    }),
    outputCount: 1,
  };
}

/** What `divgen knobs` must know to build the generator again. */
export function describeModels(config: Config, palette: LabelPalette): GeneratorDescription {
  const classCount = palette.classes.length;
  const shared = { network: "generator", latentSize: classCount };
  const layout = {
    palette: palette.name,
    classes: palette.classes.map(({ id, name, color }) => ({ id, name, color: [...color] })),
  };
  return isCrn(config.method)
    ? { ...shared, kind: "cascaded-refinement", options: { ...refinementOptions(config, classCount), layout } }
    : { ...shared, kind: "layout-unet", options: { ...unetOptions(config, classCount), layout } };
}

/** Frees the networks. */
export function disposeModels({ generator, discriminator }: Models): void {
  generator.dispose();
  discriminator?.dispose();
}
