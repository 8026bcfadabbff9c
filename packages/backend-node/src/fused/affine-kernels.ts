import { fusedKernels, withJointGradient } from "@divgen/core-tensors";
import {
  engine,
  type GradConfig,
  type KernelConfig,
  matMul,
  sum,
  type Tensor,
  type Tensor2D,
} from "@tensorflow/tfjs-core";
import { isRecording } from "./differentiation.ts";
import { nativeKernel } from "./native-kernel.ts";
import { nativeOperations } from "./native-operations.ts";

/** Products with a bias, by OpenBLAS. */
export const affineKernel: KernelConfig = nativeKernel(fusedKernels.affine, (ops, { x, weight, bias }) => {
  const y = ops.ownKernels!.affine!(ops.handle(x!), ops.handle(weight!), ops.handle(bias!));
  return ops.floats(y, [x!.shape[0]!, weight!.shape[1]!]);
});

/** One by one by operations that have gradients themselves, or those that are wanted in one call. */
export const affineGradient: GradConfig = {
  kernelName: fusedKernels.affine,
  inputsToSave: ["x", "weight"],
  gradFunc: (dys, saved) => {
    const dy = dys as Tensor2D;
    const [x, weight] = saved as [Tensor2D, Tensor2D];
    const gradients = {
      x: () => matMul(dy, weight, false, true) as Tensor,
      weight: () => matMul(x, dy, true, false) as Tensor,
      bias: () => sum(dy, 0),
    };
    return isRecording() ? gradients : withJointGradient(gradients, (names) => computeJointly(dy, x, weight, names));
  },
};

function computeJointly(dy: Tensor2D, x: Tensor2D, weight: Tensor2D, names: readonly string[]): Tensor[] {
  const ops = nativeOperations(engine().backend);
  const shapes: Record<string, number[]> = { x: x.shape, weight: weight.shape, bias: [weight.shape[1]] };
  const wanted = Object.keys(shapes).filter((name) => names.includes(name));
  const [wantsX, wantsWeight, wantsBias] = Object.keys(shapes).map((name) => Number(names.includes(name)));
  const handles = ops.ownKernels!.affineGradient!(
    ...([ops.handle(dy), ops.handle(x), ops.handle(weight)] as const),
    ...([wantsX!, wantsWeight!, wantsBias!] as const),
  );
  const byName = new Map(wanted.map((name, index) => [name, ops.floats(handles[index]!, shapes[name]!)]));
  return names.map((name) => byName.get(name)!);
}
