import { add, mul, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { fusedKernels, hasFusedKernel, runFusedKernel, type WeightedSumKernelAttributes } from "./fused-kernels.ts";
import { assertSameShape } from "./shape-error.ts";

/**
 * alpha a + beta b: a step of a moving average. Not to be differentiated.
 *
 * @param a - float32, as `b`, which has its shape.
 * @returns owned by the caller.
 * @throws ShapeError if the shapes differ.
 */
export function weightedSum<T extends Tensor>(a: T, alpha: number, b: T, beta: number): T {
  assertSameShape(a, b, "a", "b");
  if (hasFusedKernel(fusedKernels.weightedSum)) {
    const attributes: WeightedSumKernelAttributes = { alpha, beta };
    return runFusedKernel(fusedKernels.weightedSum, { a, b }, attributes)[0] as T;
  }
  return tidy(() => add(mul(a, alpha), mul(b, beta)) as T);
}
