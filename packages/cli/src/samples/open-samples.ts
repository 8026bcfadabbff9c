import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { readSampleArrays } from "./array-file.ts";
import { openImageTree } from "./image-tree.ts";
import type { SampleSet } from "./sample-set.ts";

/**
 * Opens a folder of images, an `.npy` or `.npz` file of images or features, or saved statistics.
 *
 * @throws DataError saying what is wrong with it, and what would do.
 */
export async function openSamples(path: string): Promise<SampleSet> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === "ENOENT" || code === "ENOTDIR" ? "there is none" : (error as Error).message;
    throw new DataError(`${path}: expected a folder or a file, but ${reason}. Check the path.`, { cause: error });
  }
  if (isFolder) return openImageTree(path);
  const extension = extname(path).toLowerCase();
  if (extension === ".npy" || extension === ".npz") return readSampleArrays(path);
  throw new DataError(`${path}: expected a folder of images, or a file named *.npy or *.npz.`);
}
