import type { KernelConfig, KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { kernelHostOf } from "./kernel-host.ts";
import { originalKernel } from "./original-kernel.ts";

/** The same memory under another name: one more owner, no copy, as tfjs's Reshape does it. */
function share(backend: unknown, x: TensorInfo): TensorInfo {
  kernelHostOf(backend).backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
}

/** Shares memory where that gives the result, else computes it. */
function sharingKernel(
  kernelName: string,
  isSame: (x: TensorInfo, attributes: unknown) => boolean,
  compute: KernelFunc,
): KernelConfig {
  const kernelFunc: KernelFunc = (call) => {
    const x = call.inputs["x"];
    return x !== undefined && x.dtype !== "string" && isSame(x, call.attrs) ? share(call.backend, x) : compute(call);
  };
  return { kernelName, backendName: "wasm", kernelFunc };
}

/** Identity and casts to the same type: tfjs copies the values, hundreds of times in a training step. */
export function sharingKernels(): readonly KernelConfig[] {
  const identity = originalKernel("Identity");
  const cast = originalKernel("Cast");
  const dtypeOf = (attributes: unknown): string => (attributes as { dtype: string }).dtype;
  return [
    sharingKernel("Identity", () => true, identity),
    sharingKernel(
      "Cast",
      (x, attributes) => dtypeOf(attributes) === x.dtype,
      (call) => {
        const x = call.inputs["x"];
        if (x === undefined || dtypeOf(call.attrs) !== "bool") return cast(call);
        // tfjs truncates on the way to bytes: 0.5 and 256 would become false.
        const { backend } = kernelHostOf(call.backend);
        const output = backend.makeOutput(x.shape, "bool");
        const from = backend.typedArrayFromHeap(x);
        const to = backend.typedArrayFromHeap(output);
        for (let index = 0; index < to.length; index++) to[index] = from[index] === 0 ? 0 : 1;
        return output;
      },
    ),
  ];
}
