import { dirname } from "node:path";
import { makeDirectory, replaceFile, StorageError } from "@divgen/experiment";

/**
 * Writes a file as a whole, the folders above it included: a reader finds the old file or the new one, never a part.
 *
 * @throws StorageError if that is refused.
 */
export async function writeOutputFile(path: string, data: Uint8Array | string): Promise<void> {
  makeFolder(dirname(path));
  await replaceFile(path, data);
}

/**
 * Makes a folder and those above it where they are missing.
 *
 * @throws StorageError if that is refused.
 */
export function makeFolder(path: string): void {
  try {
    makeDirectory(path);
  } catch (error) {
    throw new StorageError(`cannot make the folder ${path}: ${(error as Error).message}`, { cause: error });
  }
}
