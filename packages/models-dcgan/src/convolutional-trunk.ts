import { assertShape, type ForwardPass, type ImageBatch, type Layer, leakyRelu } from "@divgen/core-tensors";
import {
  createBatchNorm,
  createConv2d,
  createFunctionLayer,
  createSequential,
  identityAffine,
  type NamedLayers,
  packSamples,
  type WeightInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { assertCount } from "./options.ts";

/** Shape of the convolutions of a DCGAN discriminator. */
export interface ConvolutionalTrunkOptions {
  /** Height and width of the images: a multiple of 16 (shallow) or 8 (deep). 32 in the source. */
  readonly size: number;
  readonly imageChannels: number;
  /** Channels after the first convolution ("ndf"), 8 times as many after the last; 64 in the source. */
  readonly baseChannels: number;
  /** Images seen together: 1, or 2 to 4 in PacGAN. */
  readonly packSize: number;
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
export interface TrunkPlan {
  readonly convolutions: readonly PlannedConvolution[];
  readonly hasBatchNorm: boolean;
  readonly leakySlope: number;
}

/** Layers of a trunk by name, and what they do together. */
export interface TrunkParts {
  readonly parts: Readonly<Record<string, Layer<Tensor4D>>>;
  /** Values of the last map of one sample. */
  readonly featureSize: number;
  /** The map after every layer, owned by the caller. */
  features(images: ImageBatch, pass: ForwardPass): Tensor4D[];
}

/** The layers that trunk and discriminator share: convolutions with padding 1, each with [batch norm and] leaky rectifier. */
export function createTrunkParts(key: RandomKey, options: ConvolutionalTrunkOptions, plan: TrunkPlan): TrunkParts {
  const { size, imageChannels, baseChannels, packSize } = options;
  assertCount(imageChannels, "imageChannels");
  assertCount(baseChannels, "baseChannels");
  assertCount(packSize, "packSize");
  let channels = imageChannels * packSize;
  let mapSize = size;
  const layers: Layer<Tensor4D>[] = plan.convolutions.map((planned, index) => {
    const layer = createPlannedLayer(key.fold(index), channels, planned, plan, options);
    channels = planned.width * baseChannels;
    mapSize /= planned.stride;
    return layer;
  });
  return {
    parts: Object.fromEntries(layers.map((layer, index) => [`layer${index + 1}`, layer])),
    featureSize: mapSize ** 2 * channels,
    features: (images, pass) => {
      assertShape(images, ["batch", size, size, imageChannels], "images");
      return tidy(() => {
        const features: Tensor4D[] = [];
        let maps: Tensor4D = packSamples<Tensor4D>(images, packSize);
        for (const layer of layers) {
          maps = layer.forward(maps, pass);
          features.push(maps);
        }
        return features;
      });
    },
  };
}

function createPlannedLayer(
  key: RandomKey,
  inputChannels: number,
  { kernelSize, stride, width }: PlannedConvolution,
  { hasBatchNorm, leakySlope }: TrunkPlan,
  { baseChannels, initializer }: ConvolutionalTrunkOptions,
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
