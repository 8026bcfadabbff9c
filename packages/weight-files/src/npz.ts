import { readNpy, writeNpy } from "./npy.ts";
import { type ArrayWithShape, WeightFileError, type WeightTensor } from "./weight-tensor.ts";
import { readZip, writeZip } from "./zip-archive.ts";

/**
 * Reads a file of `numpy.savez` or `numpy.savez_compressed`.
 *
 * @returns the arrays by name, without the ".npy" of the archive.
 * @throws WeightFileError for a damaged archive, a member that is no array, or one of an unsupported type.
 */
export function readNpz(bytes: Uint8Array): Map<string, WeightTensor> {
  const arrays = new Map<string, WeightTensor>();
  for (const [file, data] of readZip(bytes)) {
    if (!file.endsWith(".npy")) throw new WeightFileError(`npz: expected members named *.npy, got "${file}"`);
    const name = file.slice(0, -".npy".length);
    try {
      arrays.set(name, readNpy(data));
    } catch (error) {
      throw new WeightFileError(`npz: array "${name}": ${(error as Error).message}`);
    }
  }
  return arrays;
}

/** The bytes of a file that `numpy.load` reads; stored without compression, equal contents give equal bytes. */
export function writeNpz(arrays: ReadonlyMap<string, ArrayWithShape>): Uint8Array {
  const files = new Map<string, Uint8Array>();
  for (const [name, array] of arrays) files.set(`${name}.npy`, writeNpy(array));
  return writeZip(files);
}
