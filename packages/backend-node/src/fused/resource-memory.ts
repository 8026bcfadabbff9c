import type { DataId, Variable } from "@tensorflow/tfjs-core";
import type { OperationAttribute, TensorData, TensorFlowBackend } from "./tensorflow-binding.ts";

/** A TensorFlow resource variable that holds the memory of a tfjs variable. */
interface Held {
  readonly resource: number;
  /** Handle for reading, made when somebody asks; while there is one, an update in place would copy. */
  reading: number | null;
}

/**
 * Memory of tfjs variables that TensorFlow operations update in place, through resource variables.
 *
 * A tfjs variable keeps its data id; the native handle behind it is read from the resource when somebody uses the
 * variable, and dropped before the next update, so that TensorFlow sees one owner and copies nothing. Clones and
 * JavaScript arrays that share a variable's memory keep their values: the variable gets memory of its own first.
 */
export class ResourceMemory {
  readonly #backend: TensorFlowBackend;
  readonly #held = new Map<DataId, Held>();
  readonly #dtype: readonly OperationAttribute[];
  #made = 0;

  constructor(backend: TensorFlowBackend) {
    this.#backend = backend;
    this.#dtype = [{ name: "dtype", type: backend.binding.TF_ATTR_TYPE, value: backend.binding.TF_FLOAT }];
  }

  /** The resource of a variable, ready for an update in place. */
  resourceOf(variable: Variable): number {
    const known = this.#held.get(variable.dataId);
    const isShared = this.#backend.tensorMap.get(variable.dataId).refCount > 1;
    const held = known === undefined || isShared ? this.#hold(variable) : known;
    if (held.reading !== null) {
      this.#backend.binding.deleteTensor(held.reading);
      held.reading = null;
    }
    return held.resource;
  }

  /** Frees the resources of variables that are gone. */
  sweep(): void {
    for (const [dataId, held] of this.#held) {
      if (!this.#backend.tensorMap.has(dataId)) this.#release(dataId, held);
    }
  }

  /** Number of resources alive. */
  get size(): number {
    return this.#held.size;
  }

  #hold(variable: Variable): Held {
    const { binding } = this.#backend;
    const before = variable.dataId;
    const type: OperationAttribute = { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
    const copy = binding.executeOp("DeepCopy", [type], this.#backend.getInputTensorIds([variable]), 1)[0]!;
    // Those who share the memory so far keep it, by a handle of their own.
    const left = this.#held.get(before);
    if (left !== undefined) {
      fixHandle(this.#backend.tensorMap.get(before));
      this.#release(before, left);
    }
    const owner = this.#backend.createOutputTensor(copy);
    variable.assign(owner);
    owner.dispose();

    const resource = this.#makeResource();
    binding.executeOp("AssignVariableOp", this.#dtype, [resource, copy.id], 0);
    const held: Held = { resource, reading: copy.id };
    this.#held.set(variable.dataId, held);
    Object.defineProperty(this.#backend.tensorMap.get(variable.dataId), "id", {
      configurable: true,
      enumerable: true,
      get: () => {
        held.reading ??= binding.executeOp("ReadVariableOp", this.#dtype, [resource], 1)[0]!.id;
        return held.reading;
      },
    });
    return held;
  }

  #release(dataId: DataId, { resource }: Held): void {
    this.#held.delete(dataId);
    this.#backend.binding.executeOp("DestroyResourceOp", [], [resource], 0);
    this.#backend.binding.deleteTensor(resource);
  }

  #makeResource(): number {
    const { TF_ATTR_SHAPE, TF_ATTR_STRING } = this.#backend.binding;
    const attributes: OperationAttribute[] = [
      ...this.#dtype,
      { name: "shape", type: TF_ATTR_SHAPE, value: [] },
      { name: "container", type: TF_ATTR_STRING, value: "" },
      { name: "shared_name", type: TF_ATTR_STRING, value: `divgen-${this.#made++}` },
    ];
    return this.#backend.binding.executeOp("VarHandleOp", attributes, [], 1)[0]!.id;
  }
}

/** Makes the handle that a reading has given the data's own. */
function fixHandle(data: TensorData): void {
  Object.defineProperty(data, "id", { value: data.id, configurable: true, enumerable: true, writable: true });
}
