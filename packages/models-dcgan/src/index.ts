export type { DcganDiscriminatorOptions } from "./convolutional-discriminator.ts";
export { createDeepDiscriminator, createShallowDiscriminator } from "./dcgan-discriminators.ts";
export { createDcganGenerator, type DcganGeneratorOptions } from "./dcgan-generator.ts";
export {
  createModeSeekingDiscriminator,
  createModeSeekingGenerator,
  type ModeSeekingDcganOptions,
  type ModeSeekingGeneratorOptions,
  modeSeekingInitializer,
} from "./mode-seeking-dcgan.ts";
