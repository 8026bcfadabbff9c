import { ShapeError } from "@divgen/core-tensors";
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
import { bothAxes, type PerAxis } from "./options.ts";
import { type PaddingMode, padEdges } from "./padding.ts";

/** Pixels added on each side, or TensorFlow's "same" (output = ceil(input / stride)) or "valid" (none). */
export type ConvolutionPadding = PerAxis | "same" | "valid";

/** How a kernel moves over an image. */
export interface ConvolutionGeometry {
  readonly stride: PerAxis;
  readonly padding: ConvolutionPadding;
  readonly paddingMode: PaddingMode;
  /** Distance between neighbouring kernel taps; above 1 only with stride 1. */
  readonly dilation: PerAxis;
  /** Number of channel groups that are convolved apart. */
  readonly groups: number;
}

/** What padding comes to along one axis, for a given input size. */
interface AxisPlan {
  readonly before: number;
  readonly after: number;
  /** True if TensorFlow's "same" means just this. */
  readonly isSame: boolean;
}

/**
 * Two-dimensional cross-correlation, differentiable twice.
 *
 * Engines differ in the paddings that they and their gradients know, so every geometry is brought to "same" or
 * "valid", where needed after padding the input.
 *
 * @param input - [batch, height, width, inputChannels].
 * @param weight - [kernelHeight, kernelWidth, inputChannels / groups, outputChannels].
 * @returns [batch, outHeight, outWidth, outputChannels], out = floor((in + before + after - span) / stride) + 1 with
 *   span = (kernel - 1) * dilation + 1; owned by the caller.
 * @throws ShapeError if the padded input is smaller than the kernel.
 */
export function convolve(input: Tensor4D, weight: Tensor4D, geometry: ConvolutionGeometry): Tensor4D {
  const { groups } = geometry;
  if (groups === 1) return tidy(() => convolveGroup(input, weight, geometry));
  return tidy(() => {
    const inputs = split(input, groups, 3) as Tensor4D[];
    const weights = split(weight, groups, 3) as Tensor4D[];
    return concat(
      inputs.map((part, group) => convolveGroup(part, weights[group]!, geometry)),
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

function convolveGroup(input: Tensor4D, weight: Tensor4D, geometry: ConvolutionGeometry): Tensor4D {
  const [strideY, strideX] = bothAxes(geometry.stride);
  const [dilationY, dilationX] = bothAxes(geometry.dilation);
  const { padding, paddingMode } = geometry;
  const [paddingY, paddingX] = typeof padding === "string" ? [padding, padding] : bothAxes(padding);
  const rows = planAxis(input.shape[1], (weight.shape[0] - 1) * dilationY + 1, strideY, paddingY);
  const columns = planAxis(input.shape[2], (weight.shape[1] - 1) * dilationX + 1, strideX, paddingX);

  const isDilated = dilationY > 1 || dilationX > 1;
  const needsPadding = rows.before + rows.after + columns.before + columns.after > 0;
  if (!isDilated && paddingMode === "zero" && needsPadding && rows.isSame && columns.isSame) {
    return conv2d(input, weight, [strideY, strideX], "same");
  }
  if (isDilated && paddingMode === "zero") return convolveDilated(input, weight, dilationY, dilationX, rows, columns);
  let padded = input;
  if (needsPadding) {
    padded =
      paddingMode === "zero"
        ? pad(input, [
            [0, 0],
            [rows.before, rows.after],
            [columns.before, columns.after],
            [0, 0],
          ])
        : padEdges(input, rows, columns, paddingMode);
  }
  if (isDilated) return convolveDilated(padded, weight, dilationY, dilationX, NO_PADDING, NO_PADDING);
  return conv2d(padded, weight, [strideY, strideX], "valid");
}

const NO_PADDING: AxisPlan = { before: 0, after: 0, isSame: false };

/** Padding along one axis; `after` is cut to what the kernel reaches. */
function planAxis(input: number, span: number, stride: number, padding: number | "same" | "valid"): AxisPlan {
  const sameOutput = Math.ceil(input / stride);
  const sameTotal = Math.max(0, (sameOutput - 1) * stride + span - input);
  const sameBefore = Math.floor(sameTotal / 2);
  if (padding === "same") return { before: sameBefore, after: sameTotal - sameBefore, isSame: true };
  const before = padding === "valid" ? 0 : padding;
  const output = Math.floor((input + 2 * before - span) / stride) + 1;
  if (output < 1) {
    throw new ShapeError(
      `input: expected at least ${span} pixels for the kernel, got ${input} with ${before} padded on each side`,
    );
  }
  const after = Math.max(0, (output - 1) * stride + span - input - before);
  return { before, after, isSame: output === sameOutput && before === sameBefore };
}

/**
 * Stride-1 convolution with spread taps: the pixels of each phase form an image of their own (tfjs has no gradient of
 * dilated convolutions).
 */
function convolveDilated(
  input: Tensor4D,
  weight: Tensor4D,
  dilationY: number,
  dilationX: number,
  rows: AxisPlan,
  columns: AxisPlan,
): Tensor4D {
  const fillY = missingTo(dilationY, input.shape[1] + rows.before + rows.after);
  const fillX = missingTo(dilationX, input.shape[2] + columns.before + columns.after);
  const phases = spaceToBatchND(
    input,
    [dilationY, dilationX],
    [
      [rows.before, rows.after + fillY],
      [columns.before, columns.after + fillX],
    ],
  );
  const convolved = conv2d(phases as Tensor4D, weight, 1, "valid");
  return batchToSpaceND(
    convolved,
    [dilationY, dilationX],
    [
      [0, fillY],
      [0, fillX],
    ],
  ) as Tensor4D;
}

/** What is missing to the next multiple. */
const missingTo = (multiple: number, size: number): number => (multiple - (size % multiple)) % multiple;
