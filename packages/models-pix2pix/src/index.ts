export { createLayoutUnet, type LayoutUnetOptions } from "./layout-unet.ts";
export type { NormalizationKind } from "./normalization.ts";
export type { PairedCondition } from "./paired-condition.ts";
export { createPatchDiscriminator, type PatchDiscriminatorOptions } from "./patch-discriminator.ts";
export { pix2pixInitializer, releaseInitializer } from "./release-initializer.ts";
export { createUnetGenerator, type DropoutPlacement, type UnetOptions } from "./unet-generator.ts";
