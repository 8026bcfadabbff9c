import { backend_util } from "@tensorflow/tfjs-core";

/** What the kernels need to know of a convolution. Sizes in pixels, channels last. */
export interface ConvolutionShape {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padBottom: number;
  readonly padLeft: number;
  readonly padRight: number;
  /** TensorFlow's name of the padding. */
  readonly padding: "SAME" | "VALID" | "EXPLICIT";
  /** Whether image channels come last: others are left to tfjs-node. */
  readonly channelsLast: boolean;
}

/** Attributes of tfjs's convolution kernels. */
export interface ConvolutionAttributes {
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number | backend_util.ExplicitPadding;
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

const known = new Map<string, ConvolutionShape>();
const KNOWN_AT_MOST = 4096;

/** Works out a convolution's shape; the same question is answered from memory. */
export function convolutionShape(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attributes: ConvolutionAttributes,
): ConvolutionShape {
  const { strides, pad, dataFormat, dilations = 1, dimRoundingMode } = attributes;
  const key = `${inputShape}|${filterShape}|${strides}|${pad}|${dilations}|${dataFormat}|${dimRoundingMode}`;
  const answer = known.get(key);
  if (answer !== undefined) return answer;
  const info = backend_util.computeConv2DInfo(
    inputShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    backend_util.convertConv2DDataFormat(dataFormat),
  );
  const { type, top, bottom, left, right } = info.padInfo;
  const shape: ConvolutionShape = {
    batch: info.batchSize,
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    inChannels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outChannels: info.outChannels,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    padTop: top,
    padBottom: bottom,
    padLeft: left,
    padRight: right,
    padding: type === "SAME" || type === "VALID" ? type : "EXPLICIT",
    channelsLast: info.dataFormat === "channelsLast",
  };
  if (known.size >= KNOWN_AT_MOST) known.clear();
  known.set(key, shape);
  return shape;
}
