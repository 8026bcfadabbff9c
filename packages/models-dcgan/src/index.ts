export type { DcganDiscriminatorOptions } from "./convolutional-discriminator.ts";
export type { ConvolutionalTrunkOptions } from "./convolutional-trunk.ts";
export { createDeepDiscriminator, createShallowDiscriminator } from "./dcgan-discriminators.ts";
export { createDcganGenerator, type DcganGeneratorOptions } from "./dcgan-generator.ts";
export { createDcganGeneratorMixture, type DcganGeneratorMixtureOptions } from "./dcgan-generator-mixture.ts";
export { createDeepTrunk, createShallowTrunk } from "./dcgan-trunks.ts";
export {
  createModeSeekingDiscriminator,
  createModeSeekingGenerator,
  type ModeSeekingDcganOptions,
  type ModeSeekingGeneratorOptions,
  modeSeekingInitializer,
} from "./mode-seeking-dcgan.ts";
export type { UpsamplingOptions } from "./upsampling.ts";
