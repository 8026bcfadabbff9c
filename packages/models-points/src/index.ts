export { pacGanInitializer } from "./pac-gan-initializer.ts";
export { createPointDiscriminator, type PointDiscriminatorOptions } from "./point-discriminator.ts";
export { createPointGenerator, type PointGeneratorOptions } from "./point-generator.ts";
