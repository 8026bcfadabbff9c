import { readFile } from "node:fs/promises";
import type { SavedArray } from "@divgen/training";
import { type ArrayWithShape, readSafetensors, WeightFileError, writeSafetensors } from "@divgen/weight-files";
import { storageError } from "./run-errors.ts";

/** The bytes of a safetensors file with the given arrays, bit for bit. */
export function encodeArrays(arrays: ReadonlyMap<string, SavedArray>): Uint8Array {
  return writeSafetensors(arrays as ReadonlyMap<string, ArrayWithShape>);
}

/**
 * The arrays of a safetensors file.
 *
 * @throws StorageError if it cannot be read.
 * @throws WeightFileError if it is no such file, or holds types that checkpoints do not have.
 */
export async function readArrays(path: string): Promise<Map<string, SavedArray>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw storageError(error, `read ${path}`);
  }
  const arrays = new Map<string, SavedArray>();
  for (const [name, { shape, values }] of readSafetensors(bytes).tensors) {
    if (values instanceof BigInt64Array || values instanceof Uint8Array) {
      throw new WeightFileError(`${path}: array "${name}": expected 32-bit or 64-bit floats or 32-bit integers`);
    }
    arrays.set(name, { shape, values });
  }
  return arrays;
}
