import type { Layer } from "@divgen/core-tensors";
import {
  constantInitializer,
  createBatchNorm,
  createConv2d,
  createFunctionLayer,
  createSequential,
  identityAffine,
  kaimingNormalInitializer,
  type WeightInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { relu, type Tensor4D } from "@tensorflow/tfjs-core";

/** He's normal start for rectified layers; biases 0. */
export const heNormal: WeightInitializer = {
  weight: kaimingNormalInitializer({ negativeSlope: 0, mode: "fan-in" }),
  bias: constantInitializer(0),
};

/** A convolution and what follows it. */
export interface NormalizedConvolutionOptions {
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly kernelSize: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly bias: boolean;
  readonly rectified: boolean;
  readonly initializer: WeightInitializer;
}

/** Convolution that keeps the size (up to its stride), batch norm, and a rectifier if asked for. */
export function createNormalizedConvolution(
  key: RandomKey,
  { kernelSize, rectified, stride = 1, dilation = 1, ...options }: NormalizedConvolutionOptions,
): Layer<Tensor4D> {
  const padding = ((kernelSize - 1) / 2) * dilation;
  return createSequential({
    convolution: createConv2d(key.split("convolution"), {
      ...{ ...options, kernelSize, stride, dilation, padding },
    }),
    norm: createBatchNorm(key.split("norm"), { channels: options.outputChannels, affine: identityAffine }),
    ...(rectified ? { rectifier: createFunctionLayer((x: Tensor4D) => relu(x)) } : {}),
  });
}
