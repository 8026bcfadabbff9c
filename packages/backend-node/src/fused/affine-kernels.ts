import { fusedKernels } from "@divgen/core-tensors";
import { type GradConfig, type KernelConfig, matMul, sum, type Tensor, type Tensor2D } from "@tensorflow/tfjs-core";
import { nativeKernel } from "./native-kernel.ts";

/** Products with a bias, by OpenBLAS. */
export const affineKernel: KernelConfig = nativeKernel(fusedKernels.affine, (ops, { x, weight, bias }) => {
  const y = ops.ownKernels!.affine!(ops.handle(x!), ops.handle(weight!), ops.handle(bias!));
  return ops.floats(y, [x!.shape[0]!, weight!.shape[1]!]);
});

/** By operations that have gradients themselves. */
export const affineGradient: GradConfig = {
  kernelName: fusedKernels.affine,
  inputsToSave: ["x", "weight"],
  gradFunc: (dys, saved) => {
    const dy = dys as Tensor2D;
    const [x, weight] = saved as [Tensor2D, Tensor2D];
    return {
      x: () => matMul(dy, weight, false, true) as Tensor,
      weight: () => matMul(x, dy, true, false) as Tensor,
      bias: () => sum(dy, 0),
    };
  },
};
