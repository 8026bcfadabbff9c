import {
  assertShape,
  composeNetwork,
  type ForwardPass,
  type ImageBatch,
  type Layer,
  leakyRelu,
  type Trunk,
} from "@divgen/core-tensors";
import { averagePool, createConv2d, packSamples } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { channelsAfter, createBlockPair, doublingCount, LEAKY_SLOPE, type ResnetMapShape } from "./resnet-shape.ts";

/** Shape of a residual trunk. */
export interface ResnetTrunkOptions extends ResnetMapShape {
  /** Images seen together: 1, or 2 to 4 in PacGAN. */
  readonly packSize: number;
}

/** Layers of a trunk by name, and what they do together. */
export interface TrunkParts {
  readonly parts: Readonly<Record<string, Layer<Tensor4D>>>;
  /** Values of the last map of one sample. */
  readonly featureSize: number;
  /** The output of every pair, then the rectified last one; owned by the caller. */
  features(images: ImageBatch, pass: ForwardPass): Tensor4D[];
}

/** The layers that trunk and discriminator share. */
export function createTrunkParts(key: RandomKey, options: ResnetTrunkOptions): TrunkParts {
  const { size, innerSize, imageChannels, baseChannels, packSize, initializer } = options;
  const halvings = doublingCount(options);
  if (!Number.isInteger(packSize) || packSize < 1) {
    throw new RangeError(`packSize: expected an integer >= 1, got ${packSize}`);
  }
  const input = createConv2d(key.split("input"), {
    inputChannels: imageChannels * packSize,
    outputChannels: baseChannels,
    kernelSize: 3,
    padding: 1,
    initializer,
  });
  const stages = Array.from({ length: halvings + 1 }, (_, stage) => {
    const channels = channelsAfter(stage, baseChannels);
    const outputChannels = channelsAfter(stage + 1, baseChannels);
    return createBlockPair(key.split("stage").fold(stage), [channels, channels, outputChannels], initializer);
  });
  return {
    parts: { input, ...Object.fromEntries(stages.map((stage, index) => [`stage${index + 1}`, stage])) },
    featureSize: innerSize ** 2 * channelsAfter(halvings + 1, baseChannels),
    features: (images, pass) => {
      assertShape(images, ["batch", size, size, imageChannels], "images");
      return tidy(() => {
        const features: Tensor4D[] = [];
        let maps: Tensor4D = input.forward(packSamples<Tensor4D>(images, packSize), pass);
        for (const [index, stage] of stages.entries()) {
          if (index > 0) maps = averagePool(maps, { size: 3, stride: 2, padding: 1, countPadding: true });
          maps = stage.forward(maps, pass);
          features.push(maps);
        }
        return [...features, leakyRelu(maps, LEAKY_SLOPE)];
      });
    },
  };
}

/**
 * The residual blocks of `createResnetDiscriminator` below its score; features as there.
 *
 * @returns owned by the caller; parameters "input.weight", "stage1.block1.main.convolution1.weight", ...
 * @throws RangeError for sizes that are no powers of two.
 */
export function createResnetTrunk(key: RandomKey, options: ResnetTrunkOptions): Trunk {
  const { parts, featureSize, features } = createTrunkParts(key, options);
  return { ...composeNetwork(parts), featureSize, features };
}
