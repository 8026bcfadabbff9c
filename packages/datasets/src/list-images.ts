import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { imageExtensions, undecodedExtensions } from "@divgen/image-files";

const naturalOrder = new Intl.Collator("en", { numeric: true });

/** Names by number where they hold numbers (2 before 10), the same on every machine. */
export function compareNames(first: string, second: string): number {
  return naturalOrder.compare(first, second) || (first < second ? -1 : Number(first > second));
}

/** What a folder holds, hidden entries left out, in natural order. */
export interface FolderListing {
  readonly images: readonly string[];
  readonly folders: readonly string[];
}

/**
 * Image files and folders of a folder, by name.
 *
 * @param what - what the folder is for, such as "a folder of image pairs".
 * @throws DataError naming the folder if it is missing, a file, or unreadable, and for photographs of a format that is not
 * decoded (HEIC, JPEG XL): left out in silence, they would thin the data.
 */
export async function listFolder(path: string, what: string): Promise<FolderListing> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    const visible = entries.filter(({ name }) => !name.startsWith("."));
    const names = { images: [] as string[], folders: [] as string[], undecoded: [] as string[] };
    for (const entry of visible) {
      // A link counts as what it leads to.
      const kind = entry.isSymbolicLink() ? await stat(`${path}/${entry.name}`) : entry;
      if (kind.isDirectory()) names.folders.push(entry.name);
      else if (isOneOf(imageExtensions, entry.name)) names.images.push(entry.name);
      else if (isOneOf(undecodedExtensions, entry.name)) names.undecoded.push(entry.name);
    }
    assertDecoded(path, names.undecoded.sort(compareNames));
    return { images: names.images.sort(compareNames), folders: names.folders.sort(compareNames) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    const reason = code === "ENOENT" ? "there is none" : code === "ENOTDIR" ? "it is a file" : (error as Error).message;
    throw new DataError(`${path}: expected ${what}, but ${reason}. Check the path.`, { cause: error });
  }
}

const isOneOf = (extensions: readonly string[], name: string) => extensions.includes(extname(name).toLowerCase());

function assertDecoded(folder: string, names: readonly string[]): void {
  if (names.length === 0) return;
  const more = names.length === 1 ? "" : ` and ${names.length - 1} more of the kind`;
  throw new DataError(
    `${join(folder, names[0]!)}${more}: expected images that can be decoded (${imageExtensions.join(", ")}), got HEIC or JPEG XL. Convert such files to PNG or JPEG, or move them out of the folder.`,
  );
}

/** True for an existing folder. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** A file name without its ending. */
export function stem(name: string): string {
  return name.slice(0, name.length - extname(name).length);
}
