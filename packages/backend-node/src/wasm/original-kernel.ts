import { getKernel, type KernelFunc } from "@tensorflow/tfjs-core";

/**
 * tfjs's own wasm kernel, to fall back on after its name has been given to another. tfjs sets kernels up when it makes
 * the backend, and then only those that are registered: this does it at the first call.
 */
export function originalKernel(kernelName: string): KernelFunc {
  const original = getKernel(kernelName, "wasm");
  if (!original) throw new Error(`tfjs's wasm backend has no kernel ${kernelName}`);
  const prepared = new WeakSet<object>();
  return (call) => {
    const backend = call.backend as object;
    if (!prepared.has(backend)) {
      prepared.add(backend);
      original.setupFunc?.(backend as never);
    }
    return original.kernelFunc(call);
  };
}
