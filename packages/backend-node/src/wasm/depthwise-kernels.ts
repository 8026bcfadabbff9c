import { type backend_util, type KernelConfig, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { type ConvolutionAttributes, convolutionGeometry } from "./convolution.ts";
import { wasmKernel } from "./kernel-call.ts";
import type { KernelHost } from "./kernel-host.ts";

/** The words of `Depthwise` in native/depthwise.c. */
function geometryWords(g: backend_util.Conv2DInfo): readonly number[] {
  return [
    g.batchSize,
    g.inHeight,
    g.inWidth,
    g.inChannels,
    g.outChannels / g.inChannels,
    g.outHeight,
    g.outWidth,
    g.filterHeight,
    g.filterWidth,
    g.strideHeight,
    g.strideWidth,
    g.dilationHeight,
    g.dilationWidth,
    g.padInfo.top,
    g.padInfo.left,
  ];
}

/** output = depthwise convolution of input. */
export function convolveDepthwise(
  host: KernelHost,
  x: TensorInfo,
  filter: TensorInfo,
  g: backend_util.Conv2DInfo,
): TensorInfo {
  const output = host.backend.makeOutput(g.outShape, "float32");
  host.native.depthwise(host.words(geometryWords(g)), host.pointer(x), host.pointer(filter), host.pointer(output));
  return output;
}

/** depthwiseConv2d, which tfjs gets wrong where the stride exceeds the kernel, and its gradients, which it lacks. */
export const depthwiseKernels: readonly KernelConfig[] = [
  wasmKernel<ConvolutionAttributes>("DepthwiseConv2dNative", ({ host, attributes, input }) => {
    const x = input("x");
    const filter = input("filter");
    const geometry = convolutionGeometry("DepthwiseConv2dNative", x.shape, filter.shape, attributes, true);
    return convolveDepthwise(host, x, filter, geometry);
  }),
  wasmKernel<ConvolutionAttributes & { readonly inputShape: readonly number[] }>(
    "DepthwiseConv2dNativeBackpropInput",
    ({ host, attributes, input }) => {
      const filter = input("filter");
      const { inputShape } = attributes;
      const geometry = convolutionGeometry(
        "DepthwiseConv2dNativeBackpropInput",
        inputShape,
        filter.shape,
        attributes,
        true,
      );
      const output = host.backend.makeOutput([...inputShape], "float32");
      if (util.sizeFromShape([...inputShape]) > 0) {
        host.native.depthwiseInputGradient(
          host.words(geometryWords(geometry)),
          host.pointer(input("dy")),
          host.pointer(filter),
          host.pointer(output),
        );
      }
      return output;
    },
  ),
  wasmKernel<ConvolutionAttributes & { readonly filterShape: readonly number[] }>(
    "DepthwiseConv2dNativeBackpropFilter",
    ({ host, attributes, input }) => {
      const x = input("x");
      const { filterShape } = attributes;
      const geometry = convolutionGeometry(
        "DepthwiseConv2dNativeBackpropFilter",
        x.shape,
        filterShape,
        attributes,
        true,
      );
      const output = host.backend.makeOutput([...filterShape], "float32");
      if (util.sizeFromShape([...filterShape]) > 0) {
        host.native.depthwiseFilterGradient(
          host.words(geometryWords(geometry)),
          host.pointer(x),
          host.pointer(input("dy")),
          host.pointer(output),
        );
      }
      return output;
    },
  ),
];
