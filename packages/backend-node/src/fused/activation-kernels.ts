import { fusedKernels } from "@divgen/core-tensors";
import {
  engine,
  type GradConfig,
  getGradient,
  type KernelConfig,
  type NamedAttrMap,
  Relu,
  type Tensor,
  type TensorInfo,
  util,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { nativeKernel } from "./native-kernel.ts";
import { currentBackendHas, type NativeOperations } from "./native-operations.ts";
import { binaryOperations } from "./own-kernels.ts";

const RELU_GRADIENT = "DivgenReluGradient";

/** dy where x > 0, and for leaky units alpha dy elsewhere, each in one pass; tfjs makes a mask of four operations. */
export const activationKernels: readonly KernelConfig[] = [
  nativeKernel(
    RELU_GRADIENT,
    (ops, { dy, x }) =>
      ownGradient(ops, binaryOperations.reluGradient, dy!, x!, 0) ?? ops.run("ReluGrad", [ops.float], [dy!, x!]),
  ),
  nativeKernel<{ alpha: number }>(
    fusedKernels.leakyReluGradient,
    (ops, { dy, x }, { alpha }) =>
      ownGradient(ops, binaryOperations.leakyReluGradient, dy!, x!, alpha) ??
      ops.run("LeakyReluGrad", [ops.float, ops.real("alpha", alpha)], [dy!, x!]),
  ),
];

function ownGradient(ops: NativeOperations, operation: number, dy: TensorInfo, x: TensorInfo, alpha: number) {
  const own = ops.ownFor(util.sizeFromShape(x.shape));
  if (own === undefined) return undefined;
  return ops.floats(own.binary(operation, ops.handle(dy), ops.handle(x), alpha), x.shape);
}

/**
 * A gradient of relu that runs the kernel where the engine in use has it, and tfjs's own expression elsewhere (leaky
 * relu's does so already), and the kernels' own gradients: they are linear in dy and constant in x between its zeros.
 */
export function activationGradients(): GradConfig[] {
  return [gradientBy(Relu, RELU_GRADIENT), gradientOf(RELU_GRADIENT), gradientOf(fusedKernels.leakyReluGradient)];
}

function gradientBy(kernelName: string, gradientKernel: string): GradConfig {
  const original = getGradient(kernelName);
  if (!original) throw new Error(`tfjs has no gradient of ${kernelName}`);
  return {
    kernelName,
    inputsToSave: ["x"],
    gradFunc: (dy, saved, attributes) => {
      if (!currentBackendHas(gradientKernel)) return original.gradFunc(dy, saved, attributes);
      return { x: () => run(gradientKernel, dy as Tensor, saved[0]!, attributes) };
    },
  };
}

function gradientOf(gradientKernel: string): GradConfig {
  return {
    kernelName: gradientKernel,
    inputsToSave: ["x"],
    gradFunc: (dy, saved, attributes) => ({
      dy: () => run(gradientKernel, dy as Tensor, saved[0]!, attributes),
      x: () => zerosLike(saved[0]!),
    }),
  };
}

function run(kernel: string, dy: Tensor, x: Tensor, attributes: NamedAttrMap): Tensor {
  return engine().runKernel(kernel, { dy, x }, attributes);
}
