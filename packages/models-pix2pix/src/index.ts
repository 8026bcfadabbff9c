export {
  type ClassicPatchOptions,
  type ClassicUnetOptions,
  createClassicPatchDiscriminator,
  createClassicUnet,
} from "./classic-pix2pix.ts";
export { createLayoutUnet, type LayoutUnetOptions } from "./layout-unet.ts";
export type { NormalizationKind } from "./normalization.ts";
export type { PairedCondition } from "./paired-condition.ts";
export { createPatchDiscriminator, type PatchDiscriminatorOptions } from "./patch-discriminator.ts";
export { pix2pixInitializer, releaseInitializer } from "./release-initializer.ts";
export { createUnetGenerator, type DropoutPlacement, type UnetOptions } from "./unet-generator.ts";
export type { Upsampling } from "./up-convolution.ts";
