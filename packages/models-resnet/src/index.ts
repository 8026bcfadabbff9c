export { createResnetDiscriminator, type ResnetDiscriminatorOptions } from "./resnet-discriminator.ts";
export { createResnetGenerator, type ResnetGeneratorOptions } from "./resnet-generator.ts";
export type { ResnetShape } from "./resnet-shape.ts";
