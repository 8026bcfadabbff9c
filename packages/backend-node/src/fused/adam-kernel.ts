import type { AdamKernelAttributes } from "@divgen/core-tensors";
import type { DataId, Tensor, Variable } from "@tensorflow/tfjs-core";
import type { OperationAttribute, TensorFlowBackend, TensorFlowBinding } from "./tensorflow-binding.ts";

/**
 * Adam by TensorFlow's `ResourceApplyAdam`: one pass over memory where plain operations make a dozen.
 *
 * The operation updates resource variables in place. Three of them serve all parameters in turn: a tensor is assigned
 * to one (which shares its memory), the tfjs side lets go of its handle, so that TensorFlow sees a sole owner and
 * copies nothing, and after the update the memory is handed back to the same tfjs variable.
 */
export class AdamKernel {
  readonly #backend: TensorFlowBackend;
  readonly #binding: TensorFlowBinding;
  readonly #dtype: readonly OperationAttribute[];
  readonly #type: readonly OperationAttribute[];
  readonly #resources: readonly number[];
  /**
   * Data whose memory an earlier update has made or copied. Other data may lie in a JavaScript array (tensors made from
   * values share it), which an update in place would change under its owner's hands: it is copied once.
   */
  readonly #ownMemory = new WeakSet<DataId>();

  constructor(backend: TensorFlowBackend) {
    const binding = backend.binding;
    this.#backend = backend;
    this.#binding = binding;
    this.#dtype = [{ name: "dtype", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }];
    this.#type = [{ name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }];
    this.#resources = ["parameter", "first-moment", "second-moment"].map((slot) => this.#makeResource(slot));
  }

  /** Updates all parameters and their moments in place. */
  update(attributes: AdamKernelAttributes): void {
    const { parameters, gradients, firstMoments, secondMoments } = attributes;
    const scalars = this.#scalars(attributes);
    try {
      for (let index = 0; index < parameters.length; index++) {
        this.#updateOne([parameters[index]!, firstMoments[index]!, secondMoments[index]!], gradients[index]!, scalars);
      }
    } finally {
      for (const resource of this.#resources) this.#run("AssignVariableOp", this.#dtype, [resource, scalars[0]!], 0);
      for (const scalar of scalars) this.#binding.deleteTensor(scalar);
    }
  }

  #updateOne(variables: readonly [Variable, Variable, Variable], gradient: Tensor, scalars: readonly number[]): void {
    const gradientId = this.#backend.getInputTensorIds([gradient])[0]!;
    for (let slot = 0; slot < 3; slot++) this.#lend(variables[slot]!, this.#resources[slot]!);
    try {
      this.#run("ResourceApplyAdam", this.#type, [...this.#resources, ...scalars, gradientId], 0);
    } finally {
      for (let slot = 0; slot < 3; slot++) {
        const handle = this.#run("ReadVariableOp", this.#dtype, [this.#resources[slot]!], 1)[0]!;
        this.#backend.tensorMap.get(variables[slot]!.dataId).id = handle.id;
      }
    }
  }

  /** Moves a variable's memory to a resource. Until the memory is read back, the variable's handle is not valid. */
  #lend(variable: Variable, resource: number): void {
    if (this.#backend.tensorMap.get(variable.dataId).refCount > 1 || !this.#ownMemory.has(variable.dataId)) {
      this.#giveOwnMemory(variable);
    }
    const data = this.#backend.tensorMap.get(variable.dataId);
    this.#run("AssignVariableOp", this.#dtype, [resource, data.id], 0);
    this.#binding.deleteTensor(data.id);
    data.id = -1;
  }

  /** Puts a copy into the variable, so that what shares its memory now keeps its values. */
  #giveOwnMemory(variable: Variable): void {
    const ids = this.#backend.getInputTensorIds([variable]);
    const copy = this.#backend.createOutputTensor(this.#run("DeepCopy", this.#type, ids, 1)[0]!);
    variable.assign(copy);
    copy.dispose();
    this.#ownMemory.add(variable.dataId);
  }

  /** beta1^t, beta2^t, lr, beta1, beta2, epsilon, in the operation's order. */
  #scalars(attributes: AdamKernelAttributes): number[] {
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
    ].map((value) => this.#binding.createTensor([], this.#binding.TF_FLOAT, Float32Array.of(value)));
  }

  #makeResource(slot: string): number {
    const { TF_ATTR_SHAPE, TF_ATTR_STRING } = this.#binding;
    const attributes: OperationAttribute[] = [
      ...this.#dtype,
      { name: "shape", type: TF_ATTR_SHAPE, value: [] },
      { name: "container", type: TF_ATTR_STRING, value: "" },
      { name: "shared_name", type: TF_ATTR_STRING, value: `divgen-adam-${slot}` },
    ];
    return this.#run("VarHandleOp", attributes, [], 1)[0]!.id;
  }

  #run(name: string, attributes: readonly OperationAttribute[], inputs: readonly number[], outputs: number) {
    return this.#binding.executeOp(name, attributes, inputs, outputs);
  }
}
