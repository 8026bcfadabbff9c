import type { Discriminator, Generator } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import type { PairedCondition } from "./paired-condition.ts";
import { createPatchDiscriminator, type PatchDiscriminatorOptions } from "./patch-discriminator.ts";
import { pix2pixInitializer } from "./release-initializer.ts";
import { createUnetGenerator, type UnetOptions } from "./unet-generator.ts";

/** What is left to choose of pix2pix's generator. */
export interface ClassicUnetOptions
  extends Pick<UnetOptions, "size" | "inputChannels" | "outputChannels" | "baseChannels"> {
  /** "innermost" is the paper's Torch code, "next-to-innermost" its PyTorch port. */
  readonly dropoutPlacement: NonNullable<UnetOptions["dropoutPlacement"]>;
}

/** What is left to choose of pix2pix's discriminator. */
export type ClassicPatchOptions = Pick<PatchDiscriminatorOptions, "inputChannels" | "imageChannels" | "baseChannels">;

/**
 * The U-Net of pix2pix: no latents; dropout of rate 0.5 in three levels of the decoder is its noise, on at inference too;
 * weights N(0, 0.02); no biases but the last layer's. Every pass needs a key.
 *
 * Deviation: norms are per image, whatever the batch. The paper norms over the batch, at test time too, and trains the data
 * sets of its released models with batches of one image, for which both are the same; an image then does not depend on
 * those beside it.
 *
 * @returns a generator of latent size 0, owned by the caller; 54,413,955 parameters at 256 x 256 with 64 base channels.
 * @see Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR 2017, sections 3.2 and 6.1.
 */
export function createClassicUnet(key: RandomKey, options: ClassicUnetOptions): Generator<PairedCondition> {
  return createUnetGenerator(key, {
    ...options,
    latentSize: 0,
    codeSize: 0,
    placement: "input",
    normalization: "scaled-instance",
    dropoutRate: 0.5,
    dropoutActive: "always",
    innerBias: false,
    initializer: pix2pixInitializer,
  });
}

/**
 * The 70 x 70 PatchGAN of pix2pix: one scale, three strided layers, sees the input beside the image. Norms as in
 * `createClassicUnet`.
 *
 * @returns a discriminator owned by the caller; 2,768,705 parameters with 64 base channels and images of three channels.
 */
export function createClassicPatchDiscriminator(
  key: RandomKey,
  options: ClassicPatchOptions,
): Discriminator<PairedCondition> {
  return createPatchDiscriminator(key, {
    ...options,
    codeSize: 0,
    scaleCount: 1,
    stridedLayers: 3,
    conditional: true,
    normalization: "scaled-instance",
    innerBias: false,
    initializer: pix2pixInitializer,
  });
}
