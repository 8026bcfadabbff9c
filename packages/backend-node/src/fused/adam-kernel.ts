import type { AdamKernelAttributes } from "@divgen/core-tensors";
import type { Variable } from "@tensorflow/tfjs-core";
import { type NativeOperations, nativeOperations } from "./native-operations.ts";
import { ResourceMemory } from "./resource-memory.ts";
import type { TensorFlowBackend } from "./tensorflow-binding.ts";

/**
 * Adam in one pass over memory where plain operations make a dozen, and nothing copied: by one call of the binding's own
 * kernel for all parameters, or one of TensorFlow's `ResourceApplyAdam` for each.
 */
export class AdamKernel {
  readonly #ops: NativeOperations;
  readonly #memory: ResourceMemory;

  constructor(backend: TensorFlowBackend) {
    this.#ops = nativeOperations(backend);
    this.#memory = new ResourceMemory(backend);
  }

  /** Updates all parameters and their moments in place. */
  update(attributes: AdamKernelAttributes): void {
    if (this.#ops.ownKernels !== undefined) updateByOwnKernel(this.#ops, attributes);
    else this.#updateByTensorFlow(attributes);
  }

  #updateByTensorFlow(attributes: AdamKernelAttributes): void {
    const { parameters, gradients, firstMoments, secondMoments } = attributes;
    const { backend, binding, float } = this.#ops;
    const gradientIds = backend.getInputTensorIds(gradients);
    this.#memory.sweep();
    const scalars = this.#scalars(attributes);
    try {
      for (let index = 0; index < parameters.length; index++) {
        const inputs = [
          this.#memory.resourceOf(parameters[index]!),
          this.#memory.resourceOf(firstMoments[index]!),
          this.#memory.resourceOf(secondMoments[index]!),
          ...scalars,
          gradientIds[index]!,
        ];
        binding.executeOp("ResourceApplyAdam", [float], inputs, 0);
      }
    } finally {
      for (const scalar of scalars) binding.deleteTensor(scalar);
    }
  }

  /** beta1^t, beta2^t, lr, beta1, beta2, epsilon, in the operation's order. */
  #scalars(attributes: AdamKernelAttributes): number[] {
    const { binding } = this.#ops;
    const { learningRate, firstMomentDecay, secondMomentDecay, updates } = attributes;
    return [
      firstMomentDecay ** updates,
      secondMomentDecay ** updates,
      learningRate,
      firstMomentDecay,
      secondMomentDecay,
      scaledEpsilon(attributes),
    ].map((value) => binding.createTensor([], binding.TF_FLOAT, Float32Array.of(value)));
  }
}

/**
 * Both kernels add epsilon to the uncorrected root of v: lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + e), where
 * e = epsilon sqrt(1 - b2^t) makes it Adam's own.
 */
function scaledEpsilon({ epsilon, secondMomentDecay, updates }: AdamKernelAttributes): number {
  return epsilon * Math.sqrt(1 - secondMomentDecay ** updates);
}

function updateByOwnKernel(ops: NativeOperations, attributes: AdamKernelAttributes): void {
  const { parameters, gradients, firstMoments, secondMoments } = attributes;
  const { learningRate, firstMomentDecay, secondMomentDecay, updates } = attributes;
  for (const variables of [parameters, firstMoments, secondMoments]) {
    for (const variable of variables) leaveSharedData(ops, variable);
  }
  const [p, m, v, g] = [parameters, firstMoments, secondMoments, gradients].map((tensors) =>
    ops.backend.getInputTensorIds(tensors),
  );
  const correction = Math.sqrt(1 - secondMomentDecay ** updates) / (1 - firstMomentDecay ** updates);
  const rate = learningRate * correction;
  ops.ownKernels!.adam(p!, m!, v!, g!, firstMomentDecay, secondMomentDecay, rate, scaledEpsilon(attributes));
}

/** Clones share a variable's handle and must keep its values: the variable gets a handle of its own. */
function leaveSharedData(ops: NativeOperations, variable: Variable): void {
  if (ops.backend.tensorMap.get(variable.dataId).refCount <= 1) return;
  const own = ops.floats(ops.ownKernels!.reshape(ops.handle(variable), variable.shape), variable.shape);
  variable.assign(own);
  own.dispose();
}
