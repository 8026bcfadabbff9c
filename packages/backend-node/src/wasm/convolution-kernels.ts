import { type KernelConfig, util } from "@tensorflow/tfjs-core";
import {
  type ConvolutionAttributes,
  convolutionFilterGradient,
  convolutionGeometry,
  convolutionInputGradient,
  convolve,
} from "./convolution.ts";
import { wasmKernel } from "./kernel-call.ts";

/** Conv2D and its two gradients; Conv2DBackpropInput is conv2dTranspose too. */
export const convolutionKernels: readonly KernelConfig[] = [
  wasmKernel<ConvolutionAttributes>("Conv2D", ({ host, attributes, input }) => {
    const x = input("x");
    const filter = input("filter");
    const geometry = convolutionGeometry("Conv2D", x.shape, filter.shape, attributes);
    const output = host.backend.makeOutput(geometry.outShape, "float32");
    if (util.sizeFromShape(geometry.outShape) > 0) convolve(host, geometry, x, filter, output);
    return output;
  }),
  wasmKernel<ConvolutionAttributes & { readonly filterShape: readonly number[] }>(
    "Conv2DBackpropFilter",
    ({ host, attributes, input }) => {
      const x = input("x");
      const { filterShape } = attributes;
      const geometry = convolutionGeometry("Conv2DBackpropFilter", x.shape, filterShape, attributes);
      const output = host.backend.makeOutput([...filterShape], "float32");
      if (util.sizeFromShape([...filterShape]) > 0) convolutionFilterGradient(host, geometry, x, input("dy"), output);
      return output;
    },
  ),
  wasmKernel<ConvolutionAttributes & { readonly inputShape: readonly number[] }>(
    "Conv2DBackpropInput",
    ({ host, attributes, input }) => {
      const filter = input("filter");
      const { inputShape } = attributes;
      const geometry = convolutionGeometry("Conv2DBackpropInput", inputShape, filter.shape, attributes);
      const output = host.backend.makeOutput([...inputShape], "float32");
      if (util.sizeFromShape([...inputShape]) > 0) {
        convolutionInputGradient(host, geometry, input("dy"), filter, output);
      }
      return output;
    },
  ),
];
