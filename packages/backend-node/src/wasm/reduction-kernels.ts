import { backend_util, type KernelConfig, type KernelFunc, util } from "@tensorflow/tfjs-core";
import { kernelHostOf } from "./kernel-host.ts";
import { originalKernel } from "./original-kernel.ts";

/** [outer, count, inner] such that the reduced axes are the middle one; undefined if they are not neighbours. */
function asMiddleAxis(
  shape: readonly number[],
  axes: readonly number[],
): readonly [number, number, number] | undefined {
  const first = axes[0] ?? 0;
  if (axes.some((axis, index) => axis !== first + index)) return undefined;
  const size = (part: readonly number[]): number => util.sizeFromShape([...part]);
  const end = first + axes.length;
  return [size(shape.slice(0, first)), size(shape.slice(first, end)), size(shape.slice(end))];
}

/** Sum or mean over neighbouring axes in one pass; anything else goes to tfjs's own kernel. */
function reduction(kernelName: "Sum" | "Mean"): KernelConfig {
  const original = originalKernel(kernelName);
  const kernelFunc: KernelFunc = (call) => {
    const x = call.inputs["x"];
    const { axis, keepDims } = call.attrs as unknown as { axis?: number | number[] | null; keepDims?: boolean };
    if (!x) throw new Error(`${kernelName}: input "x" is missing`);
    const axes = util.parseAxisParam(axis ?? x.shape.map((_, index) => index), x.shape).sort((a, b) => a - b);
    const layout = asMiddleAxis(x.shape, axes);
    if (x.dtype !== "float32" || layout === undefined || layout[1] === 0) return original(call);
    const host = kernelHostOf(call.backend);
    const [outer, count, inner] = layout;
    const [outShape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
    const output = host.backend.makeOutput(shape, "float32");
    const scale = kernelName === "Mean" ? 1 / count : 1;
    host.native.reduceSum(host.pointer(x), outer, count, inner, scale, host.pointer(output));
    return output;
  };
  return { kernelName, backendName: "wasm", kernelFunc };
}

/** Sum and Mean: tfjs transposes first and adds in single precision. */
export function reductionKernels(): readonly KernelConfig[] {
  return [reduction("Sum"), reduction("Mean")];
}
