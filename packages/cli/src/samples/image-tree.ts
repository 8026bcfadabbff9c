import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { isFolder } from "@divgen/datasets";
import { imageExtensions, readImage, undecodedExtensions } from "@divgen/image-files";
import type { ImageSamples } from "./sample-set.ts";

const naturalOrder = new Intl.Collator("en", { numeric: true });

/**
 * All images of a folder and the folders in it, in natural order of their paths (2 before 10). Hidden entries and files
 * of other endings are passed over; photographs of formats that are not decoded count as unreadable images.
 *
 * @throws DataError if there is no image or a folder cannot be read.
 */
export async function openImageTree(path: string): Promise<ImageSamples> {
  const names = (await listImages(path, "")).sort(
    (first, second) => naturalOrder.compare(first, second) || (first < second ? -1 : 1),
  );
  if (names.length === 0) {
    throw new DataError(`${path}: expected images (${imageExtensions.join(", ")}), but there are none in the folder.`);
  }
  const groupOf = (name: string): string => (name.includes("/") ? name.slice(0, name.indexOf("/")) : "");
  const groupNames = [...new Set(names.map(groupOf))];
  const groupIds = new Map(groupNames.map((name, index) => [name, index]));
  return {
    kind: "images",
    path,
    count: names.length,
    groupNames,
    groups: Int32Array.from(names, (name) => groupIds.get(groupOf(name))!),
    nameOf: (index) => names[index]!,
    load: (index) => readImage(join(path, names[index]!)),
    contentHash: async () => {
      const all = createHash("sha256");
      for (const name of names) all.update(await fileHash(join(path, name)));
      return all.digest("hex");
    },
  };
}

async function listImages(root: string, below: string): Promise<string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(join(root, below), { withFileTypes: true });
  } catch (error) {
    throw new DataError(`${join(root, below)}: the folder cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const names: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      names.push(...(await listImages(root, name)));
      continue;
    }
    const extension = extname(entry.name).toLowerCase();
    if (!imageExtensions.includes(extension) && !undecodedExtensions.includes(extension)) continue;
    // A link to a folder is not followed: it may lead back up. One that leads nowhere is reported as an unreadable image.
    if (entry.isSymbolicLink() && (await isFolder(join(root, name)))) continue;
    names.push(name);
  }
  return names;
}

/** Hash of a file's bytes; a fixed one for a file that cannot be read, which loading will report. */
async function fileHash(path: string): Promise<string> {
  try {
    return createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  } catch {
    return "unreadable";
  }
}
