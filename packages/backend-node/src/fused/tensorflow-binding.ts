import type { DataId, Tensor } from "@tensorflow/tfjs-core";

/** An attribute of a TensorFlow operation, as tfjs-node's binding takes it. */
export interface OperationAttribute {
  readonly name: string;
  /** One of the binding's TF_ATTR_ numbers. */
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

/** What the binding says about an output. The handle `id` must be freed by `deleteTensor`. */
export interface OutputHandle {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The part of tfjs-node's native binding that runs TensorFlow operations by name. */
export interface TensorFlowBinding {
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array | Uint8Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(
    name: string,
    attributes: readonly OperationAttribute[],
    inputIds: readonly number[],
    outputCount: number,
  ): OutputHandle[];
}

/** What tfjs-node keeps about the data of tensors. `values` wait for their first use; then `id` is the handle. */
export interface TensorData {
  shape: number[];
  dtype: number;
  values: Float32Array | null;
  id: number;
  refCount: number;
}

/** The part of tfjs-node's backend object that fused kernels use. */
export interface TensorFlowBackend {
  readonly binding: TensorFlowBinding;
  readonly tensorMap: { get(dataId: DataId): TensorData; has(dataId: DataId): boolean };
  readonly isUsingGpuDevice: boolean;
  getInputTensorIds(tensors: readonly { dataId: DataId }[]): number[];
  createOutputTensor(handle: OutputHandle): Tensor;
}

/** The name under which tfjs-node registers itself. */
export const TENSORFLOW_BACKEND = "tensorflow";
