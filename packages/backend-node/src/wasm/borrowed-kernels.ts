import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import { getKernel, type KernelConfig, type KernelFunc, type NamedTensorInfoMap } from "@tensorflow/tfjs-core";
import { kernelHostOf } from "./kernel-host.ts";

/** Runs a kernel of the cpu backend on copies of the values: for what training seldom needs. */
function borrowed(kernelName: string): KernelConfig {
  const kernelFunc: KernelFunc = ({ inputs, attrs = {}, backend }) => {
    const { backend: wasm } = kernelHostOf(backend);
    const cpu = new MathBackendCPU();
    // tfjs passes the operands of einsum as a list.
    const copies = (Array.isArray(inputs) ? [] : {}) as NamedTensorInfoMap;
    for (const [name, tensor] of Object.entries(inputs)) {
      if (tensor) copies[name] = cpu.makeTensorInfo(tensor.shape, tensor.dtype, wasm.readSync(tensor.dataId));
    }
    const result = getKernel(kernelName, "cpu").kernelFunc({ inputs: copies, attrs, backend: cpu });
    const outputs = (Array.isArray(result) ? result : [result]).map(({ shape, dtype, dataId }) =>
      wasm.makeOutput(shape, dtype, undefined, cpu.readSync(dataId)),
    );
    return Array.isArray(result) ? outputs : outputs[0]!;
  };
  return { kernelName, backendName: "wasm", kernelFunc };
}

/** Kernels that wasm takes from cpu. */
export const borrowedKernels: readonly KernelConfig[] = [borrowed("Einsum")];
