import type { ImageBatch } from "@divgen/core-tensors";
import { torchDefaultInitializer } from "@divgen/layers";
import {
  createDcganGenerator,
  createDcganGeneratorMixture,
  createDeepDiscriminator,
  createDeepTrunk,
  createShallowDiscriminator,
  createShallowTrunk,
} from "@divgen/models-dcgan";
import { createResnetDiscriminator, createResnetGenerator, createResnetTrunk } from "@divgen/models-resnet";
import { type Config, packSizeOf } from "./config.ts";
import type { Task } from "./task.ts";

type ImageNetworks = Pick<
  Task<ImageBatch>,
  "createGenerator" | "createDiscriminator" | "createTrunk" | "createGeneratorMixture"
>;

/** The release's DCGANs for stacked digits and CIFAR-10, GAN_stability's ResNets for other images. */
export function imageNetworks({ method, data, model }: Config): ImageNetworks {
  const { latentSize, embeddingSize } = model;
  const shared = { size: data.size, imageChannels: 3, initializer: torchDefaultInitializer };
  const generator = { ...shared, baseChannels: model.generatorWidth, latentSize };
  const discriminator = { ...shared, baseChannels: model.discriminatorWidth, packSize: packSizeOf(method) };
  if (data.set === "image-folder") {
    const innerSize = Math.max(2, data.size / 32);
    return {
      createGenerator: (key, classCount) =>
        createResnetGenerator(key, { ...generator, innerSize, classCount, embeddingSize }),
      createDiscriminator: (key, classCount) =>
        createResnetDiscriminator(key, { ...discriminator, innerSize, classCount }),
      createTrunk: (key) => createResnetTrunk(key, { ...discriminator, innerSize, packSize: 1 }),
      createGeneratorMixture: () => {
        throw new RangeError("mixture of generators: expected stacked digits or CIFAR-10, got an image folder");
      },
    };
  }
  const isShallow = data.set === "stacked-mnist";
  const create = isShallow ? createShallowDiscriminator : createDeepDiscriminator;
  const createTrunk = isShallow ? createShallowTrunk : createDeepTrunk;
  return {
    createGenerator: (key, classCount) => createDcganGenerator(key, { ...generator, classCount, embeddingSize }),
    createDiscriminator: (key, classCount) => create(key, { ...discriminator, classCount }),
    createTrunk: (key) => createTrunk(key, { ...discriminator, packSize: 1 }),
    createGeneratorMixture: (key, generatorCount) => createDcganGeneratorMixture(key, { ...generator, generatorCount }),
  };
}
