/** A file of weights or arrays that cannot be used: truncated, inconsistent, of an unknown kind, or hostile. */
export class WeightFileError extends Error {
  override readonly name = "WeightFileError";
}

/** How values lie in a file. Half-precision values are widened to a Float32Array when read. */
export type WeightDtype = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "U8";

/** The typed arrays that values come in. */
export type WeightValues =
  | Float64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** Values and their shape; row-major (the last axis varies fastest), `[]` for a single number. */
export interface ArrayWithShape<Values = WeightValues> {
  readonly shape: readonly number[];
  readonly values: Values;
}

/** An array read from a file, with the type it had there. */
export interface WeightTensor extends ArrayWithShape {
  readonly dtype: WeightDtype;
}

/** What a weight file holds. */
export interface WeightFile {
  /** By name, in the order of the data in the file. */
  readonly tensors: Map<string, WeightTensor>;
  /** Free text stored beside the tensors. */
  readonly metadata: Map<string, string>;
}

/** Bytes of one value in a file. */
export const DTYPE_BYTES: Readonly<Record<WeightDtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U8: 1,
};

/**
 * Product of the dimensions; 1 for `[]`.
 *
 * @param name - what the shape belongs to, for the message.
 * @throws WeightFileError if a dimension is no integer >= 0 or the product is no safe integer.
 */
export function elementCount(shape: readonly unknown[], name: string): number {
  let count = 1;
  for (const dimension of shape) {
    if (typeof dimension !== "number" || !Number.isSafeInteger(dimension) || dimension < 0) {
      throw new WeightFileError(`${name}: expected dimensions that are integers >= 0, got [${shape.join(", ")}]`);
    }
    count *= dimension;
  }
  if (!Number.isSafeInteger(count)) throw new WeightFileError(`${name}: shape [${shape.join(", ")}] is too large`);
  return count;
}

/**
 * The values as float32, whatever the type in the file; shares memory where they are float32 already.
 *
 * @throws WeightFileError for 64-bit integers beyond 2^53.
 */
export function asFloat32(tensor: ArrayWithShape): Float32Array<ArrayBuffer> {
  const { values } = tensor;
  if (values instanceof Float32Array) return values;
  if (values instanceof BigInt64Array) {
    return Float32Array.from(values, (value) => {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) throw new WeightFileError(`integer ${value} is too large for a float`);
      return number;
    });
  }
  return Float32Array.from(values);
}
