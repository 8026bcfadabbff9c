import { getBackend, getKernel, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { type OwnKernels, ownKernelsOf } from "./own-kernels.ts";
import type { OperationAttribute, OutputHandle, TensorFlowBackend, TensorFlowBinding } from "./tensorflow-binding.ts";

/**
 * TensorFlow operations on native handles, with what kernels ask for again and again kept: attributes and constants.
 * Handles are plain numbers; whoever gets one frees it or hands it to `tensor`.
 */
export class NativeOperations {
  readonly backend: TensorFlowBackend;
  readonly binding: TensorFlowBinding;
  /** The attribute T = float32, which most operations need. */
  readonly float: OperationAttribute;
  /** Kernels of the binding's own; without, and above a number of values, TensorFlow's operations. */
  ownKernels: OwnKernels | undefined;
  readonly #ownLimit: number;
  readonly #constants = new Map<string, number>();

  constructor(backend: TensorFlowBackend) {
    this.backend = backend;
    this.binding = backend.binding;
    this.float = this.type("T", "float32");
    const { kernels, limit } = ownKernelsOf(this.binding);
    this.ownKernels = backend.isUsingGpuDevice ? undefined : kernels;
    this.#ownLimit = limit;
  }

  /** The binding's own kernels, if they are there and the faster ones for so many values. */
  ownFor(count: number): OwnKernels | undefined {
    return count > 0 && count <= this.#ownLimit ? this.ownKernels : undefined;
  }

  /** Hands a handle of a float32 tensor over to a new tensor. */
  floats(id: number, shape: readonly number[]): Tensor {
    return this.backend.createOutputTensor({ id, shape: shape as number[], dtype: this.binding.TF_FLOAT });
  }

  /** The native handle of a tensor, borrowed. */
  handle(tensor: TensorInfo): number {
    return this.backend.getInputTensorIds([tensor])[0]!;
  }

  /** Runs an operation of one output. */
  one(name: string, attributes: readonly OperationAttribute[], inputs: readonly number[]): OutputHandle {
    return this.binding.executeOp(name, attributes, inputs, 1)[0]!;
  }

  /** Runs an operation of several outputs. */
  several(
    name: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): OutputHandle[] {
    return this.binding.executeOp(name, attributes, inputs, outputs);
  }

  /** Runs an operation on tensors and makes a tensor of its output. */
  run(name: string, attributes: readonly OperationAttribute[], inputs: readonly TensorInfo[]): Tensor {
    return this.tensor(this.one(name, attributes, this.backend.getInputTensorIds(inputs)));
  }

  /** Hands a handle over to a new tensor. */
  tensor(handle: OutputHandle): Tensor {
    return this.backend.createOutputTensor(handle);
  }

  /** Another shape for the memory of a handle, which is borrowed. */
  reshape(id: number, shape: readonly number[]): OutputHandle {
    if (this.ownKernels !== undefined) {
      return { id: this.ownKernels.reshape(id, shape), shape: [...shape], dtype: this.binding.TF_FLOAT };
    }
    return this.one("Reshape", [this.float], [id, this.integers(shape)]);
  }

  free(...handles: readonly OutputHandle[]): void {
    for (const handle of handles) this.binding.deleteTensor(handle.id);
  }

  /** A vector of int32 that lives as long as the engine; for shapes and axes, of which a program has few. */
  integers(values: readonly number[]): number {
    return this.constant(`int32 ${values}`, () =>
      this.binding.createTensor([values.length], this.binding.TF_INT32, Int32Array.from(values)),
    );
  }

  /** An int32 scalar that lives as long as the engine. */
  integerScalar(value: number): number {
    return this.constant(`int32 scalar ${value}`, () =>
      this.binding.createTensor([], this.binding.TF_INT32, Int32Array.of(value)),
    );
  }

  /** A float32 vector of one value that lives as long as the engine. */
  filled(size: number, value: number): number {
    return this.constant(`float32 ${size} ${value}`, () =>
      this.binding.createTensor([size], this.binding.TF_FLOAT, new Float32Array(size).fill(value)),
    );
  }

  /** A handle that is made once for its key and never freed. */
  constant(key: string, make: () => number): number {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#constants.set(key, made);
    return made;
  }

  type(name: string, dtype: "float32" | "int32"): OperationAttribute {
    const { TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = this.binding;
    return { name, type: TF_ATTR_TYPE, value: dtype === "float32" ? TF_FLOAT : TF_INT32 };
  }

  flag(name: string, value: boolean): OperationAttribute {
    return { name, type: this.binding.TF_ATTR_BOOL, value };
  }

  real(name: string, value: number): OperationAttribute {
    return { name, type: this.binding.TF_ATTR_FLOAT, value };
  }

  integer(name: string, value: number | readonly number[]): OperationAttribute {
    return { name, type: this.binding.TF_ATTR_INT, value };
  }

  text(name: string, value: string): OperationAttribute {
    return { name, type: this.binding.TF_ATTR_STRING, value };
  }
}

const operations = new WeakMap<object, NativeOperations>();

/** The operations of a backend object: one each, so that constants are shared by all kernels. */
export function nativeOperations(backend: unknown): NativeOperations {
  const tensorFlow = backend as TensorFlowBackend;
  let known = operations.get(tensorFlow);
  if (known === undefined) {
    known = new NativeOperations(tensorFlow);
    operations.set(tensorFlow, known);
  }
  return known;
}

/** Whether the engine in use has a kernel. */
export function currentBackendHas(kernelName: string): boolean {
  return getKernel(kernelName, getBackend()) !== undefined;
}
