import { fusedKernels, type WeightedSumKernelAttributes } from "@divgen/core-tensors";
import type { KernelConfig } from "@tensorflow/tfjs-core";
import { nativeKernel } from "./native-kernel.ts";

/** Of engines that have kernels of their own. */
export const weightedSumKernel: KernelConfig = nativeKernel<WeightedSumKernelAttributes>(
  fusedKernels.weightedSum,
  (ops, { a, b }, { alpha, beta }) =>
    ops.floats(ops.ownKernels!.weightedSum(ops.handle(a!), ops.handle(b!), alpha, beta), a!.shape),
);
