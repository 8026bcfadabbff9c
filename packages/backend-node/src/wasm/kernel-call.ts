import type { KernelConfig, KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { type KernelHost, kernelHostOf } from "./kernel-host.ts";

/** What a kernel of this folder is given. */
export interface KernelCall<Attributes> {
  readonly host: KernelHost;
  readonly attributes: Attributes;
  /** A required input by tfjs's name for it. */
  input(name: string): TensorInfo;
  /** An input that may be missing. */
  optionalInput(name: string): TensorInfo | undefined;
}

/** Wraps a function as a tfjs kernel of the "wasm" backend. */
export function wasmKernel<Attributes>(
  kernelName: string,
  compute: (call: KernelCall<Attributes>) => TensorInfo,
): KernelConfig {
  const kernelFunc: KernelFunc = ({ inputs, backend, attrs }) =>
    compute({
      host: kernelHostOf(backend),
      attributes: (attrs ?? {}) as unknown as Attributes,
      input(name) {
        const tensor = inputs[name];
        if (!tensor) throw new Error(`${kernelName}: input "${name}" is missing`);
        return tensor;
      },
      optionalInput: (name) => inputs[name] ?? undefined,
    });
  return { kernelName, backendName: "wasm", kernelFunc };
}
