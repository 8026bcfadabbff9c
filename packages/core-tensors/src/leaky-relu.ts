import {
  type GradConfig,
  getGradient,
  LeakyRelu,
  mul,
  registerGradient,
  step,
  type Tensor,
  leakyRelu as tfjsLeakyRelu,
  unregisterGradient,
} from "@tensorflow/tfjs-core";
import { fusedKernels, hasFusedKernel, runFusedKernel } from "./fused-kernels.ts";

/** dy * (x > 0 ? 1 : alpha). tfjs's own expression compares, and comparisons cannot be differentiated again. */
const gradient: GradConfig = {
  kernelName: LeakyRelu,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attributes) => ({ x: () => slopeTimes(dy as Tensor, saved[0]!, attributes) }),
};

function slopeTimes(dy: Tensor, x: Tensor, attributes: object): Tensor {
  const { alpha } = attributes as { alpha: number };
  if (!hasFusedKernel(fusedKernels.leakyReluGradient)) return mul(dy, step(x, alpha));
  return runFusedKernel(fusedKernels.leakyReluGradient, { dy, x }, { alpha })[0]!;
}

/**
 * x where x > 0, slope * x elsewhere; the derivative at 0 is the slope, as in PyTorch. Differentiable again.
 *
 * @returns owned by the caller.
 */
export function leakyRelu<T extends Tensor>(x: T, slope: number): T {
  // tfjs packages put tfjs's own gradients back whenever one of them is loaded.
  if (getGradient(LeakyRelu) !== gradient) {
    unregisterGradient(LeakyRelu);
    registerGradient(gradient);
  }
  return tfjsLeakyRelu(x, slope);
}
