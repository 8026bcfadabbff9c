import { type AdamKernelAttributes, fusedKernels } from "@divgen/core-tensors";
import { getKernel, type KernelFunc, registerKernel, type TensorInfo } from "@tensorflow/tfjs-core";
import { AdamKernel } from "./adam-kernel.ts";
import { TENSORFLOW_BACKEND, type TensorFlowBackend } from "./tensorflow-binding.ts";

/** State of the kernels, which belongs to one backend object. */
const adamKernels = new WeakMap<object, AdamKernel>();

/**
 * Registers the fused kernels for tfjs-node's backend, native CPU and GPU alike. A second call does nothing.
 *
 * The backend need not be current yet; callers above find the kernels through `hasFusedKernel`.
 */
export function registerFusedKernels(): void {
  register(fusedKernels.adam, ({ attrs, backend }) => {
    const tensorFlow = backend as TensorFlowBackend;
    let kernel = adamKernels.get(tensorFlow);
    if (kernel === undefined) {
      kernel = new AdamKernel(tensorFlow);
      adamKernels.set(tensorFlow, kernel);
    }
    kernel.update(attrs as unknown as AdamKernelAttributes);
    return [];
  });
}

/** As tfjs calls a kernel function, with the backend it hands over. */
type NativeKernel = (call: Parameters<KernelFunc>[0] & { backend: unknown }) => TensorInfo | TensorInfo[];

function register(kernelName: string, kernelFunc: NativeKernel): void {
  if (getKernel(kernelName, TENSORFLOW_BACKEND) !== undefined) return;
  registerKernel({ kernelName, backendName: TENSORFLOW_BACKEND, kernelFunc: kernelFunc as KernelFunc });
}
