import { type backend_util, type KernelConfig, util } from "@tensorflow/tfjs-core";
import { type ConvolutionAttributes, convolutionGeometry } from "./convolution.ts";
import { wasmKernel } from "./kernel-call.ts";

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

/** The gradients of depthwiseConv2d, which tfjs lacks on wasm. */
export const depthwiseKernels: readonly KernelConfig[] = [
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
