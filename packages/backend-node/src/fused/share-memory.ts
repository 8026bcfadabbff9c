import type { TensorInfo } from "@tensorflow/tfjs-core";

/** Another tensor with the same data. */
export function shareMemory(backend: unknown, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  (backend as { incRef(dataId: object): void }).incRef(dataId);
  return { dataId, shape, dtype };
}
