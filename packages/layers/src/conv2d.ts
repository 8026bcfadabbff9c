import { assertShape, type Layer } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { type Rank, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { type ConvolutionPadding, convolveWithBias } from "./convolution.ts";
import type { WeightInitializer } from "./initializers.ts";
import { assertIntegers, bothAxes, type PerAxis } from "./options.ts";
import type { PaddingMode } from "./padding.ts";
import { createSpectralNorm } from "./spectral-norm.ts";
import { createParameter, ownedState } from "./variables.ts";

/** A convolution with PyTorch's meaning of every number. */
export interface Conv2dOptions {
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly kernelSize: PerAxis;
  /** @defaultValue 1 */
  readonly stride?: PerAxis;
  /** Pixels on each side, or TensorFlow's "same" or "valid". */
  readonly padding: ConvolutionPadding;
  /** @defaultValue "zero" */
  readonly paddingMode?: PaddingMode;
  /** Distance between kernel taps; above 1 only with stride 1. @defaultValue 1 */
  readonly dilation?: PerAxis;
  /** Channel groups that are convolved apart. @defaultValue 1 */
  readonly groups?: number;
  /** @defaultValue true */
  readonly bias?: boolean;
  /** Divide the weight by its greatest singular value (Miyato et al. 2018). @defaultValue false */
  readonly spectralNorm?: boolean;
  readonly initializer: WeightInitializer;
}

/**
 * Convolution of images. Parameters: "weight" [kernelHeight, kernelWidth, inputChannels / groups, outputChannels] and
 * "bias" [outputChannels]. Buffers, if spectrally normalised: "spectralLeft" and "spectralRight".
 *
 * @returns a layer from [batch, height, width, inputChannels] to [batch, outHeight, outWidth, outputChannels],
 *   out = floor((in + 2 padding - dilation (kernel - 1) - 1) / stride) + 1; owned by the caller.
 * @throws RangeError for sizes that are no positive integers, channels that the groups do not divide, and dilation
 *   together with a stride.
 */
export function createConv2d(
  key: RandomKey,
  {
    inputChannels,
    outputChannels,
    kernelSize,
    stride = 1,
    padding,
    paddingMode = "zero",
    dilation = 1,
    groups = 1,
    bias: hasBias = true,
    spectralNorm = false,
    initializer,
  }: Conv2dOptions,
): Layer<Tensor4D> {
  assertIntegers(inputChannels, 1, "inputChannels");
  assertIntegers(outputChannels, 1, "outputChannels");
  assertIntegers(kernelSize, 1, "kernelSize");
  assertIntegers(stride, 1, "stride");
  assertIntegers(dilation, 1, "dilation");
  assertIntegers(groups, 1, "groups");
  if (typeof padding !== "string") assertIntegers(padding, 0, "padding");
  if (inputChannels % groups !== 0 || outputChannels % groups !== 0) {
    throw new RangeError(
      `groups: expected a divisor of the ${inputChannels} input and ${outputChannels} output channels, got ${groups}`,
    );
  }
  if (Math.max(...bothAxes(dilation)) > 1 && Math.max(...bothAxes(stride)) > 1) {
    throw new RangeError(`dilation: expected 1 where the stride is above 1, got ${dilation} with stride ${stride}`);
  }
  const [kernelHeight, kernelWidth] = bothAxes(kernelSize);
  const taps = kernelHeight * kernelWidth;
  const fans = { in: (taps * inputChannels) / groups, out: taps * outputChannels };
  const weight = createParameter<Rank.R4>(
    initializer.weight,
    key.split("weight"),
    [kernelHeight, kernelWidth, inputChannels / groups, outputChannels],
    fans,
  );
  const bias = hasBias ? createParameter<Rank.R1>(initializer.bias, key.split("bias"), [outputChannels], fans) : null;
  const spectral = spectralNorm ? createSpectralNorm(key.split("spectral"), weight.shape) : null;
  const geometry = { stride, padding, paddingMode, dilation, groups };
  return {
    ...ownedState({ weight, bias }, { ...spectral?.buffers }),
    forward: (input, pass) => {
      assertShape(input, ["batch", "height", "width", inputChannels], "input");
      if (spectral === null) return convolveWithBias(input, weight, bias, geometry);
      return tidy(() => convolveWithBias(input, spectral.apply(weight, pass), bias, geometry));
    },
  };
}
