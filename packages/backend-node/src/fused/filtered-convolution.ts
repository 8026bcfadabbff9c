import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { ConvolutionShape } from "./convolution-geometry.ts";
import type { NativeOperations } from "./native-operations.ts";
import type { OwnKernels } from "./own-kernels.ts";
import { outputPixels, windowSizes } from "./product-convolution.ts";

/*
 * Convolutions by minimal filtering (Winograd; Lavin, Gray: Fast algorithms for convolutional neural networks, 2016): tiles
 * of 4 x 4 outputs, or 3 x 3, take a quarter of the multiplications for filters of 3 x 3 and 4 x 4, and two fifths for 4 x 4
 * with stride 2. Results differ from those of a direct convolution by about 5e-6 of the largest value. One infinite input
 * makes all outputs of its tile NaN.
 */

type FilteringKernels = Required<
  Pick<OwnKernels, "filteredConvolution" | "filteredInputGradient" | "filteredFilterGradient">
>;

/** Outputs of a tile along one axis, by size and stride of the filter: as `FilteringRule` in native/minimal_filtering.h. */
const TILE_OUTPUTS: Readonly<Record<string, number>> = { "3 1": 4, "4 1": 3, "4 2": 4 };

/** Where minimal filtering is the faster way. Measured limits: below, transforming filters or tiles takes too much time. */
const WORTHWHILE = { tiles: 64, filledShare: 0.6, inputs: 64, outChannels: 32 };
const VECTOR = 16;

/** The kernels for a convolution, if it suits them. */
export function filteringFor(ops: NativeOperations, shape: ConvolutionShape): FilteringKernels | undefined {
  const kernels = ops.ownKernels;
  const hasKernels = kernels?.filteredConvolution !== undefined;
  return hasKernels && suitsFiltering(shape) ? (kernels as OwnKernels & FilteringKernels) : undefined;
}

/** y = x * filter. */
export function filteredConvolution(
  ops: NativeOperations,
  kernels: FilteringKernels,
  x: TensorInfo,
  filter: TensorInfo,
  shape: ConvolutionShape,
): Tensor {
  const { batch, outHeight, outWidth, outChannels } = shape;
  const id = kernels.filteredConvolution(ops.handle(x), ops.handle(filter), windowSizes(shape), outChannels);
  return ops.floats(id, [batch, outHeight, outWidth, outChannels]);
}

/** dW. */
export function filteredFilterGradient(
  ops: NativeOperations,
  kernels: FilteringKernels,
  x: TensorInfo,
  dy: TensorInfo,
  shape: ConvolutionShape,
): Tensor {
  const { filterHeight, filterWidth, inChannels, outChannels } = shape;
  const id = kernels.filteredFilterGradient(ops.handle(x), ops.handle(dy), windowSizes(shape), outChannels);
  return ops.floats(id, [filterHeight, filterWidth, inChannels, outChannels]);
}

/** dx. */
export function filteredInputGradient(
  ops: NativeOperations,
  kernels: FilteringKernels,
  dy: TensorInfo,
  filter: TensorInfo,
  shape: ConvolutionShape,
): Tensor {
  const { batch, inHeight, inWidth, inChannels, outChannels } = shape;
  const id = kernels.filteredInputGradient(ops.handle(dy), ops.handle(filter), windowSizes(shape), outChannels);
  return ops.floats(id, [batch, inHeight, inWidth, inChannels]);
}

function suitsFiltering(shape: ConvolutionShape): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, inChannels, outChannels } = shape;
  if (filterHeight !== filterWidth || strideHeight !== strideWidth) return false;
  if (shape.dilationHeight !== 1 || shape.dilationWidth !== 1) return false;
  if (inChannels % VECTOR !== 0 || outChannels % VECTOR !== 0) return false;
  const outputs = TILE_OUTPUTS[`${filterHeight} ${strideHeight}`];
  if (outputs === undefined) return false;
  const tiles = shape.batch * Math.ceil(shape.outHeight / outputs) * Math.ceil(shape.outWidth / outputs);
  return (
    tiles >= WORTHWHILE.tiles &&
    outputPixels(shape) >= WORTHWHILE.filledShare * tiles * outputs ** 2 &&
    inChannels * strideHeight ** 2 >= WORTHWHILE.inputs &&
    outChannels >= WORTHWHILE.outChannels
  );
}
