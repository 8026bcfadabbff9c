import type { AdamKernelAttributes } from "@divgen/core-tensors";
import { ResourceMemory } from "./resource-memory.ts";
import type { OperationAttribute, TensorFlowBackend } from "./tensorflow-binding.ts";

/**
 * Adam by TensorFlow's `ResourceApplyAdam`: one pass over memory where plain operations make a dozen, and nothing
 * copied.
 */
export class AdamKernel {
  readonly #backend: TensorFlowBackend;
  readonly #memory: ResourceMemory;
  readonly #type: readonly OperationAttribute[];

  constructor(backend: TensorFlowBackend) {
    this.#backend = backend;
    this.#memory = new ResourceMemory(backend);
    this.#type = [{ name: "T", type: backend.binding.TF_ATTR_TYPE, value: backend.binding.TF_FLOAT }];
  }

  /** Updates all parameters and their moments in place. */
  update(attributes: AdamKernelAttributes): void {
    const { parameters, gradients, firstMoments, secondMoments } = attributes;
    const { binding } = this.#backend;
    const gradientIds = this.#backend.getInputTensorIds(gradients);
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
        binding.executeOp("ResourceApplyAdam", this.#type, inputs, 0);
      }
    } finally {
      for (const scalar of scalars) binding.deleteTensor(scalar);
    }
  }

  /** beta1^t, beta2^t, lr, beta1, beta2, epsilon, in the operation's order. */
  #scalars(attributes: AdamKernelAttributes): number[] {
    const { binding } = this.#backend;
    const { learningRate, firstMomentDecay, secondMomentDecay, epsilon, updates } = attributes;
    const secondPower = secondMomentDecay ** updates;
    // The operation adds epsilon to the uncorrected root of v: lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + e).
    const scaledEpsilon = epsilon * Math.sqrt(1 - secondPower);
    return [
      firstMomentDecay ** updates,
      secondPower,
      learningRate,
      firstMomentDecay,
      secondMomentDecay,
      scaledEpsilon,
    ].map((value) => binding.createTensor([], binding.TF_FLOAT, Float32Array.of(value)));
  }
}
