import { composeNetwork, type Trunk } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { type ConvolutionalTrunkOptions, createTrunkParts, type TrunkPlan } from "./convolutional-trunk.ts";
import { assertImageSize } from "./options.ts";
import { DEEP, SHALLOW } from "./trunk-plans.ts";

/**
 * The convolutions of `createShallowDiscriminator` below its score: the map after every layer, the last
 * [batch, size / 16, size / 16, 8n].
 *
 * @returns owned by the caller; parameters "layer1.convolution.weight", "layer1.norm.scale", ...
 * @throws RangeError if the size is no multiple of 16.
 */
export function createShallowTrunk(key: RandomKey, options: ConvolutionalTrunkOptions): Trunk {
  assertImageSize(options.size, 16);
  return createTrunk(key, options, SHALLOW);
}

/**
 * The convolutions of `createDeepDiscriminator` below its score: the map after every layer, the last
 * [batch, size / 8, size / 8, 8n].
 *
 * @returns owned by the caller; parameters "layer1.convolution.weight", ...
 * @throws RangeError if the size is no multiple of 8.
 */
export function createDeepTrunk(key: RandomKey, options: ConvolutionalTrunkOptions): Trunk {
  assertImageSize(options.size, 8);
  return createTrunk(key, options, DEEP);
}

function createTrunk(key: RandomKey, options: ConvolutionalTrunkOptions, plan: TrunkPlan): Trunk {
  const { parts, featureSize, features } = createTrunkParts(key, options, plan);
  return { ...composeNetwork(parts), featureSize, features };
}
