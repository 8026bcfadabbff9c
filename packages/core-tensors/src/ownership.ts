import { dispose, type TensorContainer } from "@tensorflow/tfjs-core";

/**
 * Runs `use` with a value and disposes all tensors in the value afterwards, also when `use` throws: the asynchronous
 * companion of `tidy`, which cannot wait.
 *
 * @returns what `use` returns; tensors in it must not be part of `value`.
 */
export async function withDisposed<Value extends TensorContainer, Result>(
  value: Value,
  use: (value: Value) => Promise<Result> | Result,
): Promise<Result> {
  try {
    return await use(value);
  } finally {
    dispose(value);
  }
}
