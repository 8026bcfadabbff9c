import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { ConvolutionShape } from "./convolution-geometry.ts";
import {
  filteredConvolution,
  filteredFilterGradient,
  filteredInputGradient,
  filteringFor,
} from "./filtered-convolution.ts";
import type { NativeOperations } from "./native-operations.ts";
import {
  filterGradientByProduct,
  inputGradientByProduct,
  outputPixels,
  patchSize,
  productOf,
} from "./product-convolution.ts";
import type { OperationAttribute } from "./tensorflow-binding.ts";

/*
 * Convolutions of few output pixels and many channels, as in the inner layers of a U-Net, spend their time on moving
 * weights: oneDNN brings them into its own layout at each call, and its parallel loops over pixels find nothing to
 * share out. They are run as one matrix product, whose layout is the one that the weights have already. The limits are
 * measured ones.
 */
/** At most so many output pixels, and at least so many weights. */
interface Limits {
  readonly pixels: number;
  readonly weights: number;
}
const FORWARD: readonly Limits[] = [
  { pixels: 256, weights: 1 << 19 },
  { pixels: 1024, weights: 1 << 20 },
];
const BY_FILTER: readonly Limits[] = [{ pixels: 256, weights: 1 << 17 }];
const BY_INPUT: readonly Limits[] = [
  { pixels: 256, weights: 1 << 17 },
  { pixels: 1024, weights: 1 << 21 },
];
/** Larger images lose more by scattering than they gain. */
const FEW_PIXELS_A_SIDE = 8;

/**
 * With OpenBLAS, products of few pixels are the faster ones whatever the weights: but to a handful of channels, which fill no
 * vector, and from a single pixel of large filters, most of whose taps lie outside of the image.
 */
const FEW_PIXELS = { pixels: 800, outChannels: 8, pixelsOfLarge: 4, largeWeights: 1 << 21 };

/** Of so few channels oneDNN uses a part of its vectors: with divgen's own scattering the product takes half the time. */
const FEW_CHANNELS = { channels: 8, patchValues: 1 << 22 };

/** y = x * filter, for NHWC images. */
export function convolve(ops: NativeOperations, x: TensorInfo, filter: TensorInfo, shape: ConvolutionShape): Tensor {
  const filtering = filteringFor(ops, shape);
  if (filtering !== undefined) return filteredConvolution(ops, filtering, x, filter, shape);
  if (suitsProduct(shape, FORWARD) || (hasFewPixels(ops, shape) && !isMostlyPadding(shape)))
    return productOf(ops, x, filter, shape);
  return ops.run("Conv2D", attributesOf(ops, shape), [x, filter]);
}

/** Gradient of a convolution by its filter. */
export function filterGradient(ops: NativeOperations, x: TensorInfo, dy: TensorInfo, shape: ConvolutionShape): Tensor {
  const filtering = filteringFor(ops, shape);
  if (filtering !== undefined) return filteredFilterGradient(ops, filtering, x, dy, shape);
  if (suitsProduct(shape, BY_FILTER) || hasFewPixels(ops, shape)) return filterGradientByProduct(ops, x, dy, shape);
  const sizes = ops.integers([shape.filterHeight, shape.filterWidth, shape.inChannels, shape.outChannels]);
  const inputs = [ops.handle(x), sizes, ops.handle(dy)];
  return ops.tensor(ops.one("Conv2DBackpropFilter", attributesOf(ops, shape), inputs));
}

/** Gradient of a convolution by its input: a transposed convolution. */
export function inputGradient(
  ops: NativeOperations,
  dy: TensorInfo,
  filter: TensorInfo,
  shape: ConvolutionShape,
): Tensor {
  const filtering = filteringFor(ops, shape);
  if (filtering !== undefined) return filteredInputGradient(ops, filtering, dy, filter, shape);
  const isSmall = Math.max(shape.outHeight, shape.outWidth) <= FEW_PIXELS_A_SIDE;
  const isProduct =
    (isSmall && suitsProduct(shape, BY_INPUT)) || hasFewPixels(ops, shape) || hasFewChannels(ops, shape);
  if (isProduct) return inputGradientByProduct(ops, dy, filter, shape);
  const sizes = ops.integers([shape.batch, shape.inHeight, shape.inWidth, shape.inChannels]);
  const inputs = [sizes, ops.handle(filter), ops.handle(dy)];
  return ops.tensor(ops.one("Conv2DBackpropInput", attributesOf(ops, shape), inputs));
}

function hasFewChannels(ops: NativeOperations, shape: ConvolutionShape): boolean {
  return (
    ops.ownKernels !== undefined &&
    // Of explicit padding tfjs works out the output's size as if filters were squares.
    (shape.padding !== "EXPLICIT" || shape.filterHeight === shape.filterWidth) &&
    shape.inChannels <= FEW_CHANNELS.channels &&
    outputPixels(shape) * patchSize(shape) <= FEW_CHANNELS.patchValues &&
    shape.dilationHeight === 1 &&
    shape.dilationWidth === 1
  );
}

function hasFewPixels(ops: NativeOperations, shape: ConvolutionShape): boolean {
  const { pixels, outChannels } = FEW_PIXELS;
  const isSmall = outputPixels(shape) <= pixels && shape.outChannels >= outChannels;
  return isSmall && ops.ownKernels?.product !== undefined && isPlain(shape);
}

function isMostlyPadding(shape: ConvolutionShape): boolean {
  return outputPixels(shape) <= FEW_PIXELS.pixelsOfLarge && weightsOf(shape) >= FEW_PIXELS.largeWeights;
}

/** What products are written for. */
function isPlain(shape: ConvolutionShape): boolean {
  return shape.padding !== "EXPLICIT" && shape.dilationHeight === 1 && shape.dilationWidth === 1;
}

const weightsOf = (shape: ConvolutionShape): number => patchSize(shape) * shape.outChannels;

function suitsProduct(shape: ConvolutionShape, limits: readonly Limits[]): boolean {
  const weights = weightsOf(shape);
  return isPlain(shape) && limits.some((limit) => outputPixels(shape) <= limit.pixels && weights >= limit.weights);
}

function attributesOf(ops: NativeOperations, shape: ConvolutionShape): OperationAttribute[] {
  const attributes = [
    ops.float,
    ops.integer("strides", [1, shape.strideHeight, shape.strideWidth, 1]),
    ops.text("padding", shape.padding),
    ops.text("data_format", "NHWC"),
    ops.integer("dilations", [1, shape.dilationHeight, shape.dilationWidth, 1]),
  ];
  if (shape.padding === "EXPLICIT") {
    const { padTop, padBottom, padLeft, padRight } = shape;
    attributes.push(ops.integer("explicit_paddings", [0, 0, padTop, padBottom, padLeft, padRight, 0, 0]));
  }
  return attributes;
}
