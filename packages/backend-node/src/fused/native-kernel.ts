import { getKernel, type KernelConfig, type KernelFunc, type TensorInfo } from "@tensorflow/tfjs-core";
import { type NativeOperations, nativeOperations } from "./native-operations.ts";
import { TENSORFLOW_BACKEND } from "./tensorflow-binding.ts";

/** Inputs of a kernel by their names in tfjs's registry. */
export type KernelInputs = Readonly<Record<string, TensorInfo>>;

/** A kernel by TensorFlow operations. Outputs belong to the caller. */
export type NativeKernel<Attributes> = (
  ops: NativeOperations,
  inputs: KernelInputs,
  attributes: Attributes,
) => TensorInfo | TensorInfo[];

/** A kernel for tfjs's registry. */
export function nativeKernel<Attributes>(kernelName: string, run: NativeKernel<Attributes>): KernelConfig {
  return {
    kernelName,
    backendName: TENSORFLOW_BACKEND,
    kernelFunc: ({ inputs, attrs, backend }) =>
      run(nativeOperations(backend), inputs as KernelInputs, attrs as unknown as Attributes),
  };
}

/** tfjs-node's own kernel, for the cases that a faster one does not cover. */
function originalKernel(kernelName: string): KernelFunc {
  const original = getKernel(kernelName, TENSORFLOW_BACKEND);
  if (!original) throw new Error(`tfjs-node has no kernel ${kernelName}`);
  return original.kernelFunc;
}

/** A call of a kernel from tfjs. */
export type KernelCall = Parameters<KernelFunc>[0];

/**
 * A faster kernel in the place of tfjs-node's own.
 *
 * @param run - gives undefined for what it does not cover: tfjs-node's own kernel does that.
 */
export function fasterKernel(
  kernelName: string,
  run: (ops: NativeOperations, call: KernelCall) => TensorInfo | TensorInfo[] | undefined,
): KernelConfig {
  const original = originalKernel(kernelName);
  return {
    kernelName,
    backendName: TENSORFLOW_BACKEND,
    kernelFunc: (call) => run(nativeOperations(call.backend), call) ?? original(call),
  };
}
