import { ShapeError } from "@divgen/core-tensors";
import { add, conv2dTranspose, slice, type Tensor1D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { bothAxes, type PerAxis } from "./options.ts";

/** How a transposed convolution spreads its input. */
export interface TransposedGeometry {
  readonly stride: PerAxis;
  /** Pixels cut from each side as in PyTorch, or "same" as in Keras: output = input * stride. */
  readonly padding: PerAxis | "same";
  /** Pixels that the bottom and right reach further; less than the stride. Only with padding in pixels. */
  readonly outputPadding: PerAxis;
}

/** What the geometry comes to along one axis. */
interface AxisPlan {
  readonly output: number;
  /** Pixels to cut before the output when computed without padding. */
  readonly cut: number;
  /** Size of the output with nothing cut. */
  readonly full: number;
  readonly isSame: boolean;
}

/**
 * Transposed convolution, differentiable twice.
 *
 * @param input - [batch, height, width, inputChannels].
 * @param weight - [kernelHeight, kernelWidth, outputChannels, inputChannels].
 * @returns [batch, outHeight, outWidth, outputChannels], out = (in - 1) * stride - 2 * padding + kernel + outputPadding;
 *   owned by the caller.
 * @throws ShapeError if nothing is left of the output.
 */
export function convolveTranspose(input: Tensor4D, weight: Tensor4D, geometry: TransposedGeometry): Tensor4D {
  const [strideY, strideX] = bothAxes(geometry.stride);
  const [extraY, extraX] = bothAxes(geometry.outputPadding);
  const { padding } = geometry;
  const [paddingY, paddingX] = typeof padding === "string" ? [padding, padding] : bothAxes(padding);
  const rows = planAxis(input.shape[1], weight.shape[0], strideY, paddingY, extraY);
  const columns = planAxis(input.shape[2], weight.shape[1], strideX, paddingX, extraX);
  const [batch, outputChannels] = [input.shape[0], weight.shape[2]];
  const strides: [number, number] = [strideY, strideX];

  if (rows.isSame && columns.isSame) {
    return conv2dTranspose(input, weight, [batch, rows.output, columns.output, outputChannels], strides, "same");
  }
  return tidy(() => {
    const full = conv2dTranspose(input, weight, [batch, rows.full, columns.full, outputChannels], strides, "valid");
    if (rows.full === rows.output && columns.full === columns.output) return full;
    return slice(full, [0, rows.cut, columns.cut, 0], [batch, rows.output, columns.output, outputChannels]);
  });
}

/**
 * `convolveTranspose` plus a bias for each output channel.
 *
 * @param bias - [outputChannels], or null for none.
 * @returns owned by the caller.
 */
export function convolveTransposeWithBias(
  input: Tensor4D,
  weight: Tensor4D,
  bias: Tensor1D | null,
  geometry: TransposedGeometry,
): Tensor4D {
  if (bias === null) return convolveTranspose(input, weight, geometry);
  return tidy(() => add(convolveTranspose(input, weight, geometry), bias));
}

function planAxis(input: number, kernel: number, stride: number, padding: number | "same", extra: number): AxisPlan {
  if (padding === "same") return { output: input * stride, cut: 0, full: input * stride, isSame: true };
  const output = (input - 1) * stride - 2 * padding + kernel + extra;
  if (output < 1) {
    throw new ShapeError(`input: expected a size whose output is at least 1 pixel, got ${input} (output ${output})`);
  }
  // "same" is the transpose of a convolution that pads the output by this before its first pixel.
  const sameBefore = Math.floor(Math.max(0, (input - 1) * stride + kernel - output) / 2);
  return {
    output,
    cut: padding,
    full: (input - 1) * stride + kernel + Math.max(0, extra - padding),
    isSame: Math.ceil(output / stride) === input && sameBefore === padding,
  };
}
