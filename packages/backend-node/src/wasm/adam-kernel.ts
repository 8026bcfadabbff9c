import { type AdamKernelAttributes, fusedKernels } from "@divgen/core-tensors";
import { engine, type KernelConfig, type Variable } from "@tensorflow/tfjs-core";
import { type KernelHost, kernelHostOf } from "./kernel-host.ts";

/** Adam in one pass over memory, where plain operations make a dozen. */
export const adamKernel: KernelConfig = {
  kernelName: fusedKernels.adam,
  backendName: "wasm",
  kernelFunc: ({ backend, attrs }) => {
    const host = kernelHostOf(backend);
    const attributes = attrs as unknown as AdamKernelAttributes;
    const { parameters, gradients, firstMoments, secondMoments, updates } = attributes;
    const { firstMomentDecay, secondMomentDecay, learningRate, epsilon } = attributes;
    const stepSize = learningRate / (1 - firstMomentDecay ** updates);
    const secondCorrection = 1 / Math.sqrt(1 - secondMomentDecay ** updates);
    for (let index = 0; index < parameters.length; index++) {
      const variables = [parameters[index]!, firstMoments[index]!, secondMoments[index]!] as const;
      for (const variable of variables) ownMemory(host, variable);
      const [p, m, v] = variables.map((variable) => host.pointer(variable)) as [number, number, number];
      const { size } = variables[0];
      host.native.adam(
        p,
        m,
        v,
        host.pointer(gradients[index]!),
        0,
        size,
        stepSize,
        firstMomentDecay,
        secondMomentDecay,
        secondCorrection,
        epsilon,
      );
    }
    return [];
  },
};

/** Gives a variable a copy of its values if other tensors share its memory, so that it may be changed in place. */
function ownMemory({ backend }: KernelHost, variable: Variable): void {
  if (backend.refCount(variable.dataId) === 1) return;
  const copy = backend.makeOutput(variable.shape, variable.dtype);
  // After the allocation: it may have replaced the heap's buffer.
  backend.typedArrayFromHeap(copy).set(backend.typedArrayFromHeap(variable));
  const tensor = engine().makeTensorFromTensorInfo(copy);
  variable.assign(tensor);
  tensor.dispose();
}
