import {
  assertShape,
  type ClassCondition,
  composeNetwork,
  type Discriminator,
  type Judgement,
  type Layer,
  leakyRelu,
} from "@divgen/core-tensors";
import {
  createBatchNorm,
  createClassLogit,
  createConv2d,
  createFunctionLayer,
  createSequential,
  identityAffine,
  type NamedLayers,
  packSamples,
  type WeightInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { reshape, type Tensor2D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { assertCount } from "./options.ts";

/** Shape of a DCGAN discriminator. */
export interface DcganDiscriminatorOptions {
  /** Height and width of the images: a multiple of 16 (shallow) or 8 (deep). 32 in the source. */
  readonly size: number;
  readonly imageChannels: number;
  /** Channels after the first convolution ("ndf"), 8 times as many after the last; 64 in the source. */
  readonly baseChannels: number;
  /** Images judged together: 1, or 2 to 4 in PacGAN. Above 1 without classes only. */
  readonly packSize: number;
  /** Classes or clusters, each with a logit of its own; 0 for an unconditional discriminator. */
  readonly classCount: number;
  /** Of kernels and biases; `torchDefaultInitializer` in the release. */
  readonly initializer: WeightInitializer;
}

/** One convolution of a plan. */
export interface PlannedConvolution {
  readonly kernelSize: number;
  readonly stride: 1 | 2;
  /** Output channels as a multiple of `baseChannels`. */
  readonly width: number;
}

/** What tells the layouts apart. */
export interface DiscriminatorPlan {
  readonly convolutions: readonly PlannedConvolution[];
  readonly hasBatchNorm: boolean;
  readonly leakySlope: number;
}

/**
 * Convolutions with padding 1, each with [batch norm and] leaky rectifier, then one logit a class over the flattened map.
 *
 * @returns owned by the caller; parameters "layer1.convolution.weight", "layer1.norm.scale", ..., "logit.bias".
 */
export function createConvolutionalDiscriminator(
  key: RandomKey,
  options: DcganDiscriminatorOptions,
  plan: DiscriminatorPlan,
): Discriminator<ClassCondition> {
  const { size, imageChannels, baseChannels, packSize, classCount, initializer } = options;
  assertCount(imageChannels, "imageChannels");
  assertCount(baseChannels, "baseChannels");
  assertCount(packSize, "packSize");
  if (packSize > 1 && classCount > 0) {
    throw new RangeError(`packSize: expected 1 for a discriminator with classes, got ${packSize}`);
  }
  let channels = imageChannels * packSize;
  let mapSize = size;
  const layers: Layer<Tensor4D>[] = plan.convolutions.map((planned, index) => {
    const layer = createPlannedLayer(key.fold(index), channels, planned, plan, options);
    channels = planned.width * baseChannels;
    mapSize /= planned.stride;
    return layer;
  });
  const inputSize = mapSize ** 2 * channels;
  const logit = createClassLogit(key.split("logit"), { inputSize, classCount, initializer });
  const named = Object.fromEntries(layers.map((layer, index) => [`layer${index + 1}`, layer]));
  return {
    ...composeNetwork({ ...named, logit }),
    judge: (images, condition, pass): Judgement => {
      assertShape(images, ["batch", size, size, imageChannels], "images");
      return tidy(() => {
        const features: Tensor4D[] = [];
        let maps: Tensor4D = packSamples<Tensor4D>(images, packSize);
        for (const layer of layers) {
          maps = layer.forward(maps, pass);
          features.push(maps);
        }
        const flat: Tensor2D = reshape(maps, [maps.shape[0], inputSize]);
        return { logits: [logit.score(flat, condition)], features };
      });
    },
  };
}

function createPlannedLayer(
  key: RandomKey,
  inputChannels: number,
  { kernelSize, stride, width }: PlannedConvolution,
  { hasBatchNorm, leakySlope }: DiscriminatorPlan,
  { baseChannels, initializer }: DcganDiscriminatorOptions,
): Layer<Tensor4D> {
  const channels = width * baseChannels;
  const norm: NamedLayers = hasBatchNorm
    ? { norm: createBatchNorm(key.split("norm"), { channels, affine: identityAffine }) }
    : {};
  return createSequential({
    convolution: createConv2d(key.split("convolution"), {
      inputChannels,
      outputChannels: channels,
      kernelSize,
      stride,
      padding: 1,
      initializer,
    }),
    ...norm,
    activation: createFunctionLayer((x) => leakyRelu(x, leakySlope)),
  });
}
