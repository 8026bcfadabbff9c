export { createResnetDiscriminator, type ResnetDiscriminatorOptions } from "./resnet-discriminator.ts";
export { createResnetGenerator, type ResnetGeneratorOptions } from "./resnet-generator.ts";
export type { ResnetMapShape, ResnetShape } from "./resnet-shape.ts";
export { createResnetTrunk, type ResnetTrunkOptions } from "./resnet-trunk.ts";
