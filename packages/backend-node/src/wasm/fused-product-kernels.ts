import { type KernelConfig, type KernelFunc, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { type ConvolutionAttributes, convolutionGeometry, convolve } from "./convolution.ts";
import { convolveDepthwise } from "./depthwise-kernels.ts";
import { type KernelHost, kernelHostOf } from "./kernel-host.ts";
import { type MatMulAttributes, matMul } from "./mat-mul-kernels.ts";
import { originalKernel } from "./original-kernel.ts";

interface FusedAttributes {
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

/** The activations of native/finish.c. */
const activationNumbers: Readonly<Record<string, number>> = { linear: 0, relu: 1, relu6: 2, leakyrelu: 3 };

/** Adds a bias by column and applies the activation, in place. */
function finish(host: KernelHost, output: TensorInfo, bias: TensorInfo | undefined, attributes: FusedAttributes): void {
  const { activation = "linear", leakyreluAlpha = 0 } = attributes;
  const number = activationNumbers[activation]!;
  if (bias === undefined && number === 0) return;
  const columns = output.shape.at(-1)!;
  const rows = util.sizeFromShape(output.shape) / columns;
  host.native.biasAndActivation(
    host.pointer(output),
    bias === undefined ? 0 : host.pointer(bias),
    0,
    rows,
    columns,
    number,
    leakyreluAlpha,
  );
}

/** A product followed by bias and activation; unusual ones go to tfjs's own kernel. */
function fusedProduct(
  kernelName: string,
  product: (host: KernelHost, inputs: Readonly<Record<string, TensorInfo>>, attributes: unknown) => TensorInfo,
): KernelConfig {
  const original = originalKernel(kernelName);
  const kernelFunc: KernelFunc = (call) => {
    const inputs = call.inputs as Readonly<Record<string, TensorInfo>>;
    const attributes = (call.attrs ?? {}) as unknown as FusedAttributes;
    const bias = inputs["bias"] ?? undefined;
    if (!((attributes.activation ?? "linear") in activationNumbers)) return original(call);
    const host = kernelHostOf(call.backend);
    const output = product(host, inputs, attributes);
    const columns = output.shape.at(-1)!;
    if (bias !== undefined && util.sizeFromShape(bias.shape) !== columns) {
      host.backend.disposeData(output.dataId);
      throw new Error(`${kernelName}: bias: expected ${columns} values, got shape [${bias.shape}]`);
    }
    if (util.sizeFromShape(output.shape) > 0) finish(host, output, bias, attributes);
    return output;
  };
  return { kernelName, backendName: "wasm", kernelFunc };
}

/** Convolution and matrix product with bias and activation. */
export function fusedProductKernels(): readonly KernelConfig[] {
  return [
    fusedProduct("FusedConv2D", (host, inputs, attributes) => {
      const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
      const geometry = convolutionGeometry("FusedConv2D", x.shape, filter.shape, attributes as ConvolutionAttributes);
      const output = host.backend.makeOutput(geometry.outShape, "float32");
      if (util.sizeFromShape(geometry.outShape) > 0) convolve(host, geometry, x, filter, output);
      return output;
    }),
    fusedProduct("FusedDepthwiseConv2D", (host, inputs, attributes) => {
      const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
      const name = "FusedDepthwiseConv2D";
      const geometry = convolutionGeometry(name, x.shape, filter.shape, attributes as ConvolutionAttributes, true);
      return convolveDepthwise(host, x, filter, geometry);
    }),
    fusedProduct("_FusedMatMul", (host, inputs, attributes) => {
      const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
      return matMul(host, a, b, attributes as MatMulAttributes);
    }),
  ];
}
