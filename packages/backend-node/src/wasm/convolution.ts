import { backend_util, type TensorInfo, util } from "@tensorflow/tfjs-core";
import {
  type GemmDescriptor,
  intoPhase,
  intoRows,
  leftPatches,
  leftPatchesTransposed,
  leftRows,
  leftTransposed,
  rightRows,
  rightTapsTransposed,
  rightTransposed,
} from "./gemm-descriptor.ts";
import type { KernelHost } from "./kernel-host.ts";
import type { MemorySpan, ProductSpans } from "./product-threads.ts";

/** Attributes of tfjs's convolution kernels. */
export interface ConvolutionAttributes {
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number | backend_util.ExplicitPadding;
  readonly dilations?: [number, number] | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly dataFormat?: "NHWC" | "NCHW";
}

type Shape4D = [number, number, number, number];

/** The geometry of a convolution from tfjs's attributes; only channels-last images are taken. */
export function convolutionGeometry(
  kernel: string,
  inputShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dilations = 1, dimRoundingMode, dataFormat = "NHWC" }: ConvolutionAttributes,
  depthwise = false,
): backend_util.Conv2DInfo {
  if (dataFormat !== "NHWC") throw new Error(`${kernel}: the wasm engine takes dataFormat "NHWC", got "${dataFormat}"`);
  return backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    depthwise,
  );
}

function isPointwise(g: backend_util.Conv2DInfo): boolean {
  return (
    g.filterHeight === 1 &&
    g.filterWidth === 1 &&
    g.strideHeight === 1 &&
    g.strideWidth === 1 &&
    g.padInfo.top === 0 &&
    g.padInfo.left === 0 &&
    g.outHeight === g.inHeight &&
    g.outWidth === g.inWidth
  );
}

/** Patches of the input as a convolution reads them: row = output pixel, column = (tapY, tapX, channel). */
function inputPatches(g: backend_util.Conv2DInfo): Partial<GemmDescriptor> {
  return {
    height: g.inHeight,
    width: g.inWidth,
    channels: g.inChannels,
    gridHeight: g.outHeight,
    gridWidth: g.outWidth,
    strideY: g.strideHeight,
    strideX: g.strideWidth,
    originY: -g.padInfo.top,
    originX: -g.padInfo.left,
    stepY: g.dilationHeight,
    stepX: g.dilationWidth,
    tapsY: g.filterHeight,
    tapsX: g.filterWidth,
  };
}

function spansOf(host: KernelHost, a: TensorInfo, b: TensorInfo, c: TensorInfo): ProductSpans {
  const span = (tensor: TensorInfo): MemorySpan => ({
    start: host.pointer(tensor),
    bytes: 4 * util.sizeFromShape(tensor.shape),
  });
  return { a: span(a), b: span(b), c: span(c) };
}

/** output = patches(input) filter. */
export function convolve(
  host: KernelHost,
  g: backend_util.Conv2DInfo,
  input: TensorInfo,
  filter: TensorInfo,
  output: TensorInfo,
): void {
  const product = {
    ...inputPatches(g),
    aKind: isPointwise(g) ? leftRows : leftPatches,
    a: host.pointer(input),
    lda: g.inChannels,
    bKind: rightRows,
    b: host.pointer(filter),
    ldb: g.outChannels,
    cKind: intoRows,
    c: host.pointer(output),
    ldc: g.outChannels,
    m: g.batchSize * g.outHeight * g.outWidth,
    n: g.outChannels,
    k: g.filterHeight * g.filterWidth * g.inChannels,
  };
  host.products([product], spansOf(host, input, filter, output));
}

/** filterGradient = patches(input) transposed, times outputGradient. */
export function convolutionFilterGradient(
  host: KernelHost,
  g: backend_util.Conv2DInfo,
  input: TensorInfo,
  outputGradient: TensorInfo,
  filterGradient: TensorInfo,
): void {
  const product = {
    ...inputPatches(g),
    aKind: isPointwise(g) ? leftTransposed : leftPatchesTransposed,
    a: host.pointer(input),
    lda: g.inChannels,
    bKind: rightRows,
    b: host.pointer(outputGradient),
    ldb: g.outChannels,
    cKind: intoRows,
    c: host.pointer(filterGradient),
    ldc: g.outChannels,
    m: g.filterHeight * g.filterWidth * g.inChannels,
    n: g.outChannels,
    k: g.batchSize * g.outHeight * g.outWidth,
  };
  host.products([product], spansOf(host, input, outputGradient, filterGradient));
}

/** The taps that reach the input positions congruent to `phase` modulo `stride`, and where they read the gradient. */
interface PhaseTaps {
  readonly first: number;
  readonly step: number;
  readonly count: number;
  readonly origin: number;
  readonly originStep: number;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function phaseTaps(phase: number, stride: number, dilation: number, pad: number, filterSize: number): PhaseTaps {
  const common = greatestCommonDivisor(stride, dilation);
  const step = stride / common;
  for (let first = 0; first < Math.min(step, filterSize); first++) {
    const position = phase + pad - first * dilation;
    if (position % stride !== 0) continue;
    const count = Math.ceil((filterSize - first) / step);
    return { first, step, count, origin: position / stride, originStep: -dilation / common };
  }
  return { first: 0, step: 1, count: 0, origin: 0, originStep: 0 };
}

/**
 * inputGradient[y] = sum over taps t with (y + pad - t dilation) divisible by the stride of
 * outputGradient[(y + pad - t dilation) / stride] filter[t] transposed.
 *
 * Input positions with the same remainder modulo the stride use the same taps: each such phase is one product over
 * patches of the gradient, so no work is spent on zeros and every value is written once.
 */
export function convolutionInputGradient(
  host: KernelHost,
  g: backend_util.Conv2DInfo,
  outputGradient: TensorInfo,
  filter: TensorInfo,
  inputGradient: TensorInfo,
): void {
  const shared = {
    a: host.pointer(outputGradient),
    lda: g.outChannels,
    b: host.pointer(filter),
    ldb: g.outChannels,
    filterRows: g.inChannels,
    kernelWidth: g.filterWidth,
    c: host.pointer(inputGradient),
    ldc: g.inChannels,
    n: g.inChannels,
  };
  const spans = spansOf(host, outputGradient, filter, inputGradient);
  if (isPointwise(g)) {
    const m = g.batchSize * g.inHeight * g.inWidth;
    const product = { ...shared, aKind: leftRows, bKind: rightTransposed, cKind: intoRows, m, k: g.outChannels };
    host.products([product], spans);
    return;
  }
  const products: GemmDescriptor[] = [];
  for (let phaseY = 0; phaseY < Math.min(g.strideHeight, g.inHeight); phaseY++) {
    const vertical = phaseTaps(phaseY, g.strideHeight, g.dilationHeight, g.padInfo.top, g.filterHeight);
    const gridHeight = Math.ceil((g.inHeight - phaseY) / g.strideHeight);
    for (let phaseX = 0; phaseX < Math.min(g.strideWidth, g.inWidth); phaseX++) {
      const horizontal = phaseTaps(phaseX, g.strideWidth, g.dilationWidth, g.padInfo.left, g.filterWidth);
      const gridWidth = Math.ceil((g.inWidth - phaseX) / g.strideWidth);
      products.push({
        ...shared,
        aKind: leftPatches,
        bKind: rightTapsTransposed,
        cKind: intoPhase,
        m: g.batchSize * gridHeight * gridWidth,
        k: vertical.count * horizontal.count * g.outChannels,
        height: g.outHeight,
        width: g.outWidth,
        channels: g.outChannels,
        gridHeight,
        gridWidth,
        strideY: 1,
        strideX: 1,
        originY: vertical.origin,
        originX: horizontal.origin,
        stepY: vertical.originStep,
        stepX: horizontal.originStep,
        tapsY: vertical.count,
        tapsX: horizontal.count,
        firstTapY: vertical.first,
        firstTapX: horizontal.first,
        tapStepY: vertical.step,
        tapStepX: horizontal.step,
        outHeight: g.inHeight,
        outWidth: g.inWidth,
        phaseY,
        phaseX,
        outStrideY: g.strideHeight,
        outStrideX: g.strideWidth,
      });
    }
  }
  host.products(products, spans);
}
