import { assertShape, type Layer } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { add, depthwiseConv2d, type Rank, type Tensor1D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { applyKernel, type ConvolutionPadding, type KernelGeometry } from "./convolution.ts";
import type { WeightInitializer } from "./initializers.ts";
import { assertIntegers, bothAxes, type PerAxis } from "./options.ts";
import type { PaddingMode } from "./padding.ts";
import { createParameter, ownedState } from "./variables.ts";

/** A convolution of each channel by itself. */
export interface DepthwiseConv2dOptions {
  readonly channels: number;
  /** Output channels for each input channel. @defaultValue 1 */
  readonly multiplier?: number;
  readonly kernelSize: PerAxis;
  /** The same for both axes, as engines ask. @defaultValue 1 */
  readonly stride?: number;
  /** Pixels on each side, or TensorFlow's "same" or "valid". */
  readonly padding: ConvolutionPadding;
  /** @defaultValue "zero" */
  readonly paddingMode?: PaddingMode;
  /** @defaultValue true */
  readonly bias?: boolean;
  readonly initializer: WeightInitializer;
}

/**
 * Convolution of each channel by itself plus a bias. Differentiable once only: not for discriminators under a
 * gradient penalty.
 *
 * @param input - [batch, height, width, channels].
 * @param weight - [kernelHeight, kernelWidth, channels, multiplier].
 * @param bias - [channels * multiplier], or null for none.
 * @returns [batch, outHeight, outWidth, channels * multiplier], owned by the caller.
 */
export function convolveDepthwise(
  input: Tensor4D,
  weight: Tensor4D,
  bias: Tensor1D | null,
  geometry: KernelGeometry,
): Tensor4D {
  return tidy(() => {
    const output = applyKernel(input, weight, geometry, depthwiseConv2d);
    return bias === null ? output : add(output, bias);
  });
}

/**
 * Depthwise convolution of images. Parameters: "weight" [kernelHeight, kernelWidth, channels, multiplier] and "bias"
 * [channels * multiplier]. Differentiable once only.
 *
 * @returns owned by the caller.
 * @throws RangeError for sizes that are no positive integers.
 */
export function createDepthwiseConv2d(
  key: RandomKey,
  {
    channels,
    multiplier = 1,
    kernelSize,
    stride = 1,
    padding,
    paddingMode = "zero",
    bias: hasBias = true,
    initializer,
  }: DepthwiseConv2dOptions,
): Layer<Tensor4D> {
  assertIntegers(channels, 1, "channels");
  assertIntegers(multiplier, 1, "multiplier");
  assertIntegers(kernelSize, 1, "kernelSize");
  assertIntegers(stride, 1, "stride");
  if (typeof padding !== "string") assertIntegers(padding, 0, "padding");
  const [kernelHeight, kernelWidth] = bothAxes(kernelSize);
  const outputChannels = channels * multiplier;
  const fans = { in: kernelHeight * kernelWidth, out: kernelHeight * kernelWidth * outputChannels };
  const weight = createParameter<Rank.R4>(
    initializer.weight,
    key.split("weight"),
    [kernelHeight, kernelWidth, channels, multiplier],
    fans,
  );
  const bias = hasBias ? createParameter<Rank.R1>(initializer.bias, key.split("bias"), [outputChannels], fans) : null;
  const geometry = { stride, padding, paddingMode, dilation: 1 };
  return {
    ...ownedState({ weight, bias }),
    forward: (input) => {
      assertShape(input, ["batch", "height", "width", channels], "input");
      return convolveDepthwise(input, weight, bias, geometry);
    },
  };
}
