import { type Layer, leakyRelu } from "@divgen/core-tensors";
import { createPreActivationBlock, createSequential, type WeightInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import type { Tensor4D } from "@tensorflow/tfjs-core";

/** Shape of the maps of a residual network. */
export interface ResnetMapShape {
  /** Height and width of the images: a power of two. 128 for ImageNet and Places in the sources. */
  readonly size: number;
  /**
   * Height and width of the smallest map: a power of two below `size`. size / 32 in GAN_stability's "resnet2", which is
   * 4 for 128 x 128; the number of doublings is log2(size / innerSize).
   */
  readonly innerSize: number;
  readonly imageChannels: number;
  /** Channels next to the image ("nf"); doubled with every halving of the map, up to 16 times. 64 in the sources. */
  readonly baseChannels: number;
  /** Of kernels and biases; `torchDefaultInitializer` in the release. Class vectors start from N(0, 1). */
  readonly initializer: WeightInitializer;
}

/** What the generator and the discriminator of a pair have in common. */
export interface ResnetShape extends ResnetMapShape {
  /** Classes or clusters; 0 for unconditional networks. */
  readonly classCount: number;
}

/** Slope of all leaky rectifiers. */
export const LEAKY_SLOPE = 0.2;

/** Widest layer, as a multiple of `baseChannels`. */
const WIDEST = 16;

/**
 * How often the map is doubled or halved.
 *
 * @throws RangeError if a size is no power of two, or nothing is left to double.
 */
export function doublingCount({ size, innerSize, imageChannels, baseChannels }: ResnetMapShape): number {
  for (const [name, value] of Object.entries({ imageChannels, baseChannels })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name}: expected an integer >= 1, got ${value}`);
  }
  if (!isPowerOfTwo(size)) throw new RangeError(`size: expected a power of two, got ${size}`);
  if (!isPowerOfTwo(innerSize) || innerSize >= size) {
    throw new RangeError(`innerSize: expected a power of two below ${size}, got ${innerSize}`);
  }
  return Math.log2(size / innerSize);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && Number.isInteger(Math.log2(value));
}

/** Channels of a map `halvings` below the image's size. */
export function channelsAfter(halvings: number, baseChannels: number): number {
  return baseChannels * Math.min(2 ** halvings, WIDEST);
}

/**
 * Two of GAN_stability's residual blocks: shortcut(x) + 0.1 conv3(lrelu(conv3(lrelu(x)))), hidden channels the fewer of
 * input and output, 1 x 1 shortcut without bias where they differ.
 *
 * @param widths - channels before the first, between, and after the second block.
 */
export function createBlockPair(
  key: RandomKey,
  widths: readonly [number, number, number],
  initializer: WeightInitializer,
): Layer<Tensor4D> {
  const block = (index: 0 | 1): Layer<Tensor4D> =>
    createPreActivationBlock(key.fold(index), {
      inputChannels: widths[index],
      outputChannels: widths[index + 1]!,
      hiddenChannels: Math.min(widths[index], widths[index + 1]!),
      activation: (x) => leakyRelu(x, LEAKY_SLOPE),
      normalization: false,
      projectionBias: false,
      mainWeight: 0.1,
      initializer,
    });
  return createSequential({ block1: block(0), block2: block(1) });
}
