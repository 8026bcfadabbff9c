import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { ConvolutionShape } from "./convolution-geometry.ts";
import type { NativeOperations } from "./native-operations.ts";
import type { OutputHandle } from "./tensorflow-binding.ts";

/*
 * Convolutions as one matrix product each, for "same" and "valid" padding without dilation:
 *
 *   y = patches(x) W,  dW = patches(x)^T dy,  dx = scatter(dy W^T),
 *
 * with W [taps * inChannels, outChannels] and patches [pixels, taps * inChannels].
 */

/** y = x * filter. */
export function productOf(ops: NativeOperations, x: TensorInfo, filter: TensorInfo, shape: ConvolutionShape): Tensor {
  const patches = patchesOf(ops, x, shape);
  const weights = weightMatrix(ops, filter, shape);
  const product = multiply(ops, patches, weights, false, false);
  const result = ops.reshape(product.id, [shape.batch, shape.outHeight, shape.outWidth, shape.outChannels]);
  ops.free(patches, weights, product);
  return ops.tensor(result);
}

/** dW. */
export function filterGradientByProduct(
  ops: NativeOperations,
  x: TensorInfo,
  dy: TensorInfo,
  shape: ConvolutionShape,
): Tensor {
  const patches = patchesOf(ops, x, shape);
  const gradient = ops.reshape(ops.handle(dy), [outputPixels(shape), shape.outChannels]);
  const product = multiply(ops, patches, gradient, true, false);
  const filterShape = [shape.filterHeight, shape.filterWidth, shape.inChannels, shape.outChannels];
  const result = ops.reshape(product.id, filterShape);
  ops.free(patches, gradient, product);
  return ops.tensor(result);
}

/** dx. */
export function inputGradientByProduct(
  ops: NativeOperations,
  dy: TensorInfo,
  filter: TensorInfo,
  shape: ConvolutionShape,
): Tensor {
  const gradient = ops.reshape(ops.handle(dy), [outputPixels(shape), shape.outChannels]);
  const weights = weightMatrix(ops, filter, shape);
  const product = multiply(ops, gradient, weights, false, true); // [pixels, taps * inChannels]
  if (ops.ownKernels !== undefined) {
    const scattered = ops.ownKernels.scatter(product.id, windowSizes(shape));
    ops.free(gradient, weights, product);
    return ops.floats(scattered, [shape.batch, shape.inHeight, shape.inWidth, shape.inChannels]);
  }
  const taps = shape.filterHeight * shape.filterWidth;
  const rows = ops.reshape(product.id, [outputPixels(shape) * taps, shape.inChannels]);
  const inputPixels = shape.batch * shape.inHeight * shape.inWidth;
  const summed = ops.one(
    "UnsortedSegmentSum",
    [ops.float, ops.type("Tindices", "int32"), ops.type("Tnumsegments", "int32")],
    [rows.id, targetsOfTaps(ops, shape), ops.integerScalar(inputPixels)],
  );
  const result = ops.reshape(summed.id, [shape.batch, shape.inHeight, shape.inWidth, shape.inChannels]);
  ops.free(gradient, weights, product, rows, summed);
  return ops.tensor(result);
}

/** Number of output pixels of a batch. */
export const outputPixels = (shape: ConvolutionShape): number => shape.batch * shape.outHeight * shape.outWidth;

/** Number of values below a filter. */
export const patchSize = (shape: ConvolutionShape): number => shape.filterHeight * shape.filterWidth * shape.inChannels;

/** What the binding's own kernels want to know. */
export function windowSizes(shape: ConvolutionShape): number[] {
  const { batch, inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth } = shape;
  const { strideHeight, strideWidth, padTop, padLeft } = shape;
  const sizes = [batch, inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth];
  return [...sizes, strideHeight, strideWidth, padTop, padLeft];
}

/** [pixels, taps * inChannels], the taps in the filter's order. */
function patchesOf(ops: NativeOperations, x: TensorInfo, shape: ConvolutionShape): OutputHandle {
  if (ops.ownKernels !== undefined) {
    const id = ops.ownKernels.patches(ops.handle(x), windowSizes(shape));
    return { id, shape: [outputPixels(shape), patchSize(shape)], dtype: ops.binding.TF_FLOAT };
  }
  const patches = ops.one(
    "ExtractImagePatches",
    [
      ops.float,
      ops.integer("ksizes", [1, shape.filterHeight, shape.filterWidth, 1]),
      ops.integer("strides", [1, shape.strideHeight, shape.strideWidth, 1]),
      ops.integer("rates", [1, 1, 1, 1]),
      ops.text("padding", shape.padding),
    ],
    [ops.handle(x)],
  );
  const matrix = ops.reshape(patches.id, [outputPixels(shape), patches.shape[3]!]);
  ops.free(patches);
  return matrix;
}

/** [taps * inChannels, outChannels], sharing the filter's memory. */
function weightMatrix(ops: NativeOperations, filter: TensorInfo, shape: ConvolutionShape): OutputHandle {
  const rows = shape.filterHeight * shape.filterWidth * shape.inChannels;
  return ops.reshape(ops.handle(filter), [rows, shape.outChannels]);
}

function multiply(
  ops: NativeOperations,
  a: OutputHandle,
  b: OutputHandle,
  transposeA: boolean,
  transposeB: boolean,
): OutputHandle {
  if (ops.ownKernels?.product !== undefined) {
    const id = ops.ownKernels.product(a.id, b.id, transposeA ? 1 : 0, transposeB ? 1 : 0);
    const shape = [a.shape[transposeA ? 1 : 0]!, b.shape[transposeB ? 0 : 1]!];
    return { id, shape, dtype: ops.binding.TF_FLOAT };
  }
  // Not `MatMul`, although it is a little faster: a signal that arrives in it corrupts memory (oneDNN's sgemm).
  const attributes = [ops.float, ops.flag("adj_x", transposeA), ops.flag("adj_y", transposeB)];
  return ops.one("BatchMatMulV2", attributes, [a.id, b.id]);
}

/** For each output pixel and tap, the input pixel below it; -1, which is left out of sums, for the padding. */
function targetsOfTaps(ops: NativeOperations, shape: ConvolutionShape): number {
  const { batch, inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth } = shape;
  const { strideHeight, strideWidth, padTop, padLeft } = shape;
  const sizes = [batch, inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth];
  const key = `taps ${[...sizes, strideHeight, strideWidth, padTop, padLeft]}`;
  return ops.constant(key, () => {
    const targets = new Int32Array(outputPixels(shape) * filterHeight * filterWidth);
    let next = 0;
    for (let image = 0; image < batch; image++) {
      for (let pixel = 0; pixel < outHeight * outWidth; pixel++) {
        const top = Math.floor(pixel / outWidth) * strideHeight - padTop;
        const left = (pixel % outWidth) * strideWidth - padLeft;
        for (let tap = 0; tap < filterHeight * filterWidth; tap++) {
          const row = top + Math.floor(tap / filterWidth);
          const column = left + (tap % filterWidth);
          const isInside = row >= 0 && row < inHeight && column >= 0 && column < inWidth;
          targets[next++] = isInside ? (image * inHeight + row) * inWidth + column : -1;
        }
      }
    }
    return ops.binding.createTensor([targets.length], ops.binding.TF_INT32, targets);
  });
}
