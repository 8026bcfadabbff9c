import { assertShape, type Layer } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import type { Rank, Tensor4D } from "@tensorflow/tfjs-core";
import { convolveTransposeWithBias } from "./convolution-transpose.ts";
import type { WeightInitializer } from "./initializers.ts";
import { assertIntegers, bothAxes, type PerAxis } from "./options.ts";
import { createParameter, ownedState } from "./variables.ts";

/** A transposed ("de-") convolution with PyTorch's meaning of every number. */
export interface Conv2dTransposeOptions {
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly kernelSize: PerAxis;
  /** @defaultValue 1 */
  readonly stride?: PerAxis;
  /** Pixels cut from each side of the output, or Keras's "same": output = input * stride. */
  readonly padding: PerAxis | "same";
  /** Extra pixels at the bottom and right; less than the stride. @defaultValue 0 */
  readonly outputPadding?: PerAxis;
  /** @defaultValue true */
  readonly bias?: boolean;
  readonly initializer: WeightInitializer;
}

/**
 * Transposed convolution of images. Parameters: "weight" [kernelHeight, kernelWidth, outputChannels, inputChannels]
 * and "bias" [outputChannels].
 *
 * The fans that initialisers see are PyTorch's, which for this layer are swapped: fan in = taps * output channels.
 *
 * @returns a layer from [batch, height, width, inputChannels] to [batch, outHeight, outWidth, outputChannels],
 *   out = (in - 1) stride - 2 padding + kernel + outputPadding; owned by the caller.
 * @throws RangeError for sizes that are no positive integers, or an output padding not below the stride.
 */
export function createConv2dTranspose(
  key: RandomKey,
  {
    inputChannels,
    outputChannels,
    kernelSize,
    stride = 1,
    padding,
    outputPadding = 0,
    bias: hasBias = true,
    initializer,
  }: Conv2dTransposeOptions,
): Layer<Tensor4D> {
  assertIntegers(inputChannels, 1, "inputChannels");
  assertIntegers(outputChannels, 1, "outputChannels");
  assertIntegers(kernelSize, 1, "kernelSize");
  assertIntegers(stride, 1, "stride");
  assertIntegers(outputPadding, 0, "outputPadding");
  if (typeof padding !== "string") assertIntegers(padding, 0, "padding");
  const strides = bothAxes(stride);
  if (bothAxes(outputPadding).some((extra, axis) => extra >= strides[axis]! || (extra > 0 && padding === "same"))) {
    throw new RangeError(
      `outputPadding: expected less than the stride ${stride}, and 0 with padding "same", got ${outputPadding}`,
    );
  }
  const [kernelHeight, kernelWidth] = bothAxes(kernelSize);
  const taps = kernelHeight * kernelWidth;
  const fans = { in: taps * outputChannels, out: taps * inputChannels };
  const weight = createParameter<Rank.R4>(
    initializer.weight,
    key.split("weight"),
    [kernelHeight, kernelWidth, outputChannels, inputChannels],
    fans,
  );
  const bias = hasBias ? createParameter<Rank.R1>(initializer.bias, key.split("bias"), [outputChannels], fans) : null;
  const geometry = { stride, padding, outputPadding };
  return {
    ...ownedState({ weight, bias }),
    forward: (input) => {
      assertShape(input, ["batch", "height", "width", inputChannels], "input");
      return convolveTransposeWithBias(input, weight, bias, geometry);
    },
  };
}
