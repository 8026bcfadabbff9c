import { type ForwardPass, type Layer, leakyRelu } from "@divgen/core-tensors";
import {
  constantInitializer,
  createConv2d,
  createFunctionLayer,
  createLayerNorm,
  createSequential,
  identityAffine,
  type WeightInitializer,
  xavierUniformInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import type { Tensor4D } from "@tensorflow/tfjs-core";

/** How the network starts, as released: Xavier uniform, biases 0. */
export const xavierUniform: WeightInitializer = {
  weight: xavierUniformInitializer(1),
  bias: constantInitializer(0),
};

const LEAKY_SLOPE = 0.2;

/** Two convolutions, each with its norm and rectifier. */
export interface RefinementModule extends Layer<Tensor4D> {
  forward(input: Tensor4D, pass: ForwardPass): Tensor4D;
}

/**
 * A refinement module: twice (3 x 3 convolution without bias, layer norm over height, width and channels with a scale and
 * an offset a channel, leaky rectifier of slope 0.2).
 *
 * @returns [batch, height, width, inputChannels] -> [batch, height, width, width]; owned by the caller.
 */
export function createRefinementModule(key: RandomKey, inputChannels: number, width: number): RefinementModule {
  const convolution = (name: string, channels: number) =>
    createConv2d(key.split(name), {
      ...{ inputChannels: channels, outputChannels: width, kernelSize: 3, padding: 1, bias: false },
      initializer: xavierUniform,
    });
  // The epsilon of the released code, whose norm is TensorFlow-Slim's.
  const norm = (name: string) =>
    createLayerNorm(key.split(name), { channels: width, over: "example", affine: identityAffine, epsilon: 1e-12 });
  const rectifier = () => createFunctionLayer((x: Tensor4D) => leakyRelu(x, LEAKY_SLOPE));
  return createSequential({
    convolution1: convolution("convolution1", inputChannels),
    norm1: norm("norm1"),
    rectifier1: rectifier(),
    convolution2: convolution("convolution2", width),
    norm2: norm("norm2"),
    rectifier2: rectifier(),
  });
}
