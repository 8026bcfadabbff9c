import { closeSync, constants, fsyncSync, mkdirSync, openSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { storageError, systemErrorCode } from "./run-errors.ts";

/**
 * Writes a new file and waits until the device has it.
 *
 * @throws StorageError if that is refused, the disk being full for instance; a half-written file is left to the caller.
 */
export async function writeDurably(path: string, data: Uint8Array | string): Promise<void> {
  try {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o666);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw storageError(error, `write ${path}`);
  }
}

/**
 * Replaces a file as a whole: a reader, or a start after a crash, finds the old content or the new, never a part.
 *
 * @throws StorageError if that is refused; the old content is still there then.
 */
export async function replaceFile(path: string, data: Uint8Array | string): Promise<void> {
  const temporary = `${path}.writing-${process.pid}`;
  try {
    await writeDurably(temporary, data);
    await renameDurably(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/**
 * Renames, then waits until the directory entry is on the device.
 *
 * @throws StorageError if that is refused.
 */
export async function renameDurably(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    throw storageError(error, `rename ${from} to ${to}`);
  }
  syncDirectory(dirname(to));
}

/** Waits until a directory's entries are on the device. File systems that cannot say (Windows, some network ones) pass. */
export function syncDirectory(path: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY);
  } catch {
    return;
  }
  try {
    fsyncSync(descriptor);
  } catch {
    // Not every file system lets a directory be synchronised; the rename itself has been made.
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Makes a directory and its parents where they are missing. Errors are those of node:fs. (Node's own recursive mkdir
 * reports a read-only file system as "no such file or directory".)
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeDirectory(dirname(path));
    mkdirSync(path);
  }
}
