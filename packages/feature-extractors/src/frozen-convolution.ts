import {
  type ConvolutionPadding,
  convolveDepthwise,
  convolveWithBias,
  fromTorchConvolution,
  fromTorchDepthwiseConvolution,
  type PerAxis,
} from "@divgen/layers";
import { type Rank, type Tensor1D, type Tensor4D, tensor, tidy, type Variable, variable } from "@tensorflow/tfjs-core";
import type { WeightLookup } from "./weight-lookup.ts";

/** A convolution whose weights do not change: batch normalisation is already part of them. */
export interface FrozenConvolution {
  readonly kernel: Variable<Rank.R4>;
  readonly bias: Variable<Rank.R1>;
  /** @returns owned by the caller. */
  apply(input: Tensor4D): Tensor4D;
  dispose(): void;
}

/** Where the weights of a convolution are and how it runs. */
export interface FrozenConvolutionOptions {
  /** Prefix of "weight" (and "bias" without a norm) in PyTorch's layout. */
  readonly name: string;
  /** Prefix of a batch normalisation that follows and is folded in: "weight", "bias", "running_mean", "running_var". */
  readonly norm?: { readonly name: string; readonly epsilon: number };
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly kernelSize: PerAxis;
  /** @defaultValue 1 */
  readonly stride?: number;
  readonly padding: ConvolutionPadding;
  /** Each channel by itself. @defaultValue false */
  readonly isDepthwise?: boolean;
}

/**
 * A convolution of PyTorch as a frozen one here. A batch normalisation is folded in, in double precision:
 *
 *   kernel' = kernel * s,  bias' = offset - mean * s,  s = scale / sqrt(variance + epsilon).
 *
 * @returns owned by the caller.
 */
export function createFrozenConvolution(lookup: WeightLookup, options: FrozenConvolutionOptions): FrozenConvolution {
  const { name, norm, inputChannels, outputChannels, kernelSize, stride = 1, padding, isDepthwise = false } = options;
  const [height, width] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
  const groupChannels = isDepthwise ? 1 : inputChannels;
  const shape = [outputChannels, groupChannels, height, width];
  const stored = lookup.take(`${name}.weight`, shape);
  const { scales, biases } =
    norm === undefined
      ? { scales: null, biases: lookup.take(`${name}.bias`, [outputChannels]) }
      : foldNorm(lookup, norm.name, norm.epsilon, outputChannels);

  const perOutput = stored.length / outputChannels;
  const scaled =
    scales === null ? stored : stored.map((value, index) => value * scales[Math.floor(index / perOutput)]!);
  const laidOut = isDepthwise ? fromTorchDepthwiseConvolution(scaled, shape) : fromTorchConvolution(scaled, shape);
  const kernel = frozen<Rank.R4>(laidOut.values, laidOut.shape);
  const bias = frozen<Rank.R1>(Float32Array.from(biases), [outputChannels]);
  const geometry = { stride, padding, paddingMode: "zero", dilation: 1, groups: 1 } as const;
  return {
    kernel,
    bias,
    apply: (input) =>
      isDepthwise
        ? convolveDepthwise(input, kernel, bias as Tensor1D, geometry)
        : convolveWithBias(input, kernel, bias as Tensor1D, geometry),
    dispose: () => {
      kernel.dispose();
      bias.dispose();
    },
  };
}

/** An untrained variable: unlike a tensor it outlives the `tidy` that it may be made in. */
export function frozen<R extends Rank>(values: Float32Array, shape: number[]): Variable<R> {
  return tidy(() => variable<Rank>(tensor<Rank>(values, shape, "float32"), false)) as Variable<R>;
}

function foldNorm(lookup: WeightLookup, name: string, epsilon: number, channels: number) {
  const take = (part: string) => lookup.take(`${name}.${part}`, [channels]);
  const [scale, offset, mean, variance] = [take("weight"), take("bias"), take("running_mean"), take("running_var")];
  const scales = Float64Array.from(scale, (value, index) => value / Math.sqrt(variance[index]! + epsilon));
  const biases = Float64Array.from(offset, (value, index) => value - mean[index]! * scales[index]!);
  return { scales, biases };
}
