import {
  add,
  batchToSpaceND,
  concat,
  conv2d,
  pad,
  spaceToBatchND,
  split,
  type Tensor1D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { type AxisPlan, planAxis } from "./convolution-plan.ts";
import { bothAxes, type PerAxis } from "./options.ts";
import { type PaddingMode, padEdges } from "./padding.ts";

/** Pixels added on each side, or TensorFlow's "same" (output = ceil(input / stride)) or "valid" (none). */
export type ConvolutionPadding = PerAxis | "same" | "valid";

/** How a kernel moves over an image. */
export interface KernelGeometry {
  readonly stride: PerAxis;
  readonly padding: ConvolutionPadding;
  readonly paddingMode: PaddingMode;
  /** Distance between neighbouring kernel taps; above 1 only with stride 1. */
  readonly dilation: PerAxis;
}

/** Geometry of a convolution whose channels may be divided into groups that are convolved apart. */
export interface ConvolutionGeometry extends KernelGeometry {
  readonly groups: number;
}

/** A convolution without dilation and with a padding that every engine knows. */
export type PlainConvolution = (
  input: Tensor4D,
  weight: Tensor4D,
  strides: [number, number],
  padding: "same" | "valid",
) => Tensor4D;

/**
 * Two-dimensional cross-correlation, differentiable twice.
 *
 * @param input - [batch, height, width, inputChannels].
 * @param weight - [kernelHeight, kernelWidth, inputChannels / groups, outputChannels].
 * @returns [batch, outHeight, outWidth, outputChannels], out = floor((in + before + after - span) / stride) + 1 with
 *   span = (kernel - 1) * dilation + 1; owned by the caller.
 * @throws ShapeError if the padded input is smaller than the kernel.
 */
export function convolve(input: Tensor4D, weight: Tensor4D, geometry: ConvolutionGeometry): Tensor4D {
  const { groups } = geometry;
  if (groups === 1) return applyKernel(input, weight, geometry, conv2d);
  return tidy(() => {
    const inputs = split(input, groups, 3) as Tensor4D[];
    const weights = split(weight, groups, 3) as Tensor4D[];
    return concat(
      inputs.map((part, group) => applyKernel(part, weights[group]!, geometry, conv2d)),
      3,
    );
  });
}

/**
 * `convolve` plus a bias for each output channel.
 *
 * @param bias - [outputChannels], or null for none.
 * @returns owned by the caller.
 */
export function convolveWithBias(
  input: Tensor4D,
  weight: Tensor4D,
  bias: Tensor1D | null,
  geometry: ConvolutionGeometry,
): Tensor4D {
  if (bias === null) return convolve(input, weight, geometry);
  return tidy(() => add(convolve(input, weight, geometry), bias));
}

/**
 * Runs a plain convolution in any geometry. Engines differ in the paddings that they and their gradients know, so
 * every geometry is brought to "same" or "valid", where needed after padding the input.
 *
 * @param weight - [kernelHeight, kernelWidth, ...].
 * @returns owned by the caller.
 */
export function applyKernel(
  input: Tensor4D,
  weight: Tensor4D,
  geometry: KernelGeometry,
  convolution: PlainConvolution,
): Tensor4D {
  const [strideY, strideX] = bothAxes(geometry.stride);
  const [dilationY, dilationX] = bothAxes(geometry.dilation);
  const { padding, paddingMode } = geometry;
  const [paddingY, paddingX] = typeof padding === "string" ? [padding, padding] : bothAxes(padding);
  const rows = planAxis(input.shape[1], (weight.shape[0] - 1) * dilationY + 1, strideY, paddingY);
  const columns = planAxis(input.shape[2], (weight.shape[1] - 1) * dilationX + 1, strideX, paddingX);

  const isDilated = dilationY > 1 || dilationX > 1;
  const needsPadding = rows.before + rows.after + columns.before + columns.after > 0;
  if (!isDilated) {
    const strides: [number, number] = [strideY, strideX];
    if (!needsPadding) return convolution(input, weight, strides, "valid");
    if (paddingMode === "zero" && rows.isSame && columns.isSame) return convolution(input, weight, strides, "same");
    return tidy(() => convolution(padBorders(input, rows, columns, paddingMode), weight, strides, "valid"));
  }
  return tidy(() => {
    const padded = needsPadding ? padBorders(input, rows, columns, paddingMode) : input;
    return dilate(padded, dilationY, dilationX, (phases) => convolution(phases, weight, [1, 1], "valid"));
  });
}

function padBorders(input: Tensor4D, rows: AxisPlan, columns: AxisPlan, mode: PaddingMode): Tensor4D {
  if (mode !== "zero") return padEdges(input, rows, columns, mode);
  return pad(input, [
    [0, 0],
    [rows.before, rows.after],
    [columns.before, columns.after],
    [0, 0],
  ]);
}

/**
 * Stride-1 convolution with spread taps: the pixels of each phase form an image of their own (tfjs has no gradient of
 * dilated convolutions).
 */
function dilate(
  input: Tensor4D,
  dilationY: number,
  dilationX: number,
  convolveValid: (phases: Tensor4D) => Tensor4D,
): Tensor4D {
  const block = [dilationY, dilationX];
  const fill = [
    [0, missingTo(dilationY, input.shape[1])],
    [0, missingTo(dilationX, input.shape[2])],
  ];
  const phases = spaceToBatchND(input, block, fill) as Tensor4D;
  return batchToSpaceND(convolveValid(phases), block, fill) as Tensor4D;
}

/** What is missing to the next multiple. */
const missingTo = (multiple: number, size: number): number => (multiple - (size % multiple)) % multiple;
