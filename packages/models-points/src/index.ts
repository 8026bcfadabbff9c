export type { HiddenLayerOptions } from "./hidden-layer.ts";
export { pacGanInitializer } from "./pac-gan-initializer.ts";
export { createPointDiscriminator, type PointDiscriminatorOptions } from "./point-discriminator.ts";
export { createPointGenerator, type PointGeneratorOptions } from "./point-generator.ts";
export { createPointGeneratorMixture, type PointGeneratorMixtureOptions } from "./point-generator-mixture.ts";
export { createPointTrunk, type PointTrunkOptions } from "./point-trunk.ts";
