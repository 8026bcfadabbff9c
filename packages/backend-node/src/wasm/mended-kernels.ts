import {
  backend_util,
  getKernel,
  type KernelConfig,
  type KernelFunc,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import { wasmKernel } from "./kernel-call.ts";
import { type KernelHost, kernelHostOf } from "./kernel-host.ts";
import { originalKernel } from "./original-kernel.ts";

interface PoolAttributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number | backend_util.ExplicitPadding;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** tfjs sends the gradient of a window of negative values to its first pixel. */
const maxPoolGradient: KernelConfig = wasmKernel<PoolAttributes>("MaxPoolGrad", ({ host, attributes, input }) => {
  const x = input("input");
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const shape = x.shape as [number, number, number, number];
  const g = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const output = host.backend.makeOutput(shape, "float32");
  const geometry = host.words([
    ...[g.batchSize, g.inHeight, g.inWidth, g.inChannels, g.outHeight, g.outWidth],
    ...[g.effectiveFilterHeight, g.effectiveFilterWidth, g.strideHeight, g.strideWidth, g.padInfo.top, g.padInfo.left],
  ]);
  host.native.maxPoolGradient(geometry, host.pointer(x), host.pointer(input("dy")), host.pointer(output));
  return output;
});

function run(host: KernelHost, kernelName: string, inputs: Record<string, TensorInfo>): TensorInfo {
  return getKernel(kernelName, "wasm").kernelFunc({ inputs, backend: host.backend, attrs: {} }) as TensorInfo;
}

/** tfjs reads slopes by channel whatever their shape: any other is written out as relu(x) - slope relu(-x). */
function prelu(): KernelConfig {
  const original = originalKernel("Prelu");
  const kernelFunc: KernelFunc = (call) => {
    const { x, alpha } = call.inputs as { x: TensorInfo; alpha: TensorInfo };
    const isByChannel = alpha.shape.at(-1) === x.shape.at(-1) && util.sizeFromShape(alpha.shape) === x.shape.at(-1);
    if (isByChannel) return original(call);
    const host = kernelHostOf(call.backend);
    const positive = run(host, "Relu", { x });
    const negated = run(host, "Neg", { x });
    const negative = run(host, "Relu", { x: negated });
    const scaled = run(host, "Multiply", { a: negative, b: alpha });
    const output = run(host, "Sub", { a: positive, b: scaled });
    for (const { dataId } of [positive, negated, negative, scaled]) host.backend.disposeData(dataId);
    return output;
  };
  return { kernelName: "Prelu", backendName: "wasm", kernelFunc };
}

/** Kernels that tfjs has on wasm, with wrong results. */
export function mendedKernels(): readonly KernelConfig[] {
  return [maxPoolGradient, prelu()];
}
