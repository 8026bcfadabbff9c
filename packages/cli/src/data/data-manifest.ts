import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { type PixelImage, readImage } from "@divgen/image-files";

/** A file of a data set as it was found. */
export interface ManifestFile {
  /** Relative to the data set's folder, with "/" between. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Of images. */
  readonly width?: number;
  readonly height?: number;
}

/** A part of a data set, such as "train". */
export interface ManifestSplit {
  /** Examples found, and those that the published data set has. */
  readonly count: number;
  readonly published: number;
  readonly files: readonly ManifestFile[];
}

/** What `divgen data prepare` found and made. */
export interface DataManifest {
  readonly formatVersion: 1;
  readonly data: string;
  /** How the files are laid out, such as "pix2pix" or "cmp". */
  readonly form: string;
  readonly splits: Readonly<Record<string, ManifestSplit>>;
  /** Palette that label colours were in, and how far from it they are (root mean square, RGB). */
  readonly palette?: { readonly name: string; readonly distance: number };
  /** What departs from the published data set, without making it useless. */
  readonly warnings: readonly string[];
}

/** Reads a file for its place in a manifest. @throws DataError if it cannot be read. */
export async function describeFile(folder: string, path: string): Promise<ManifestFile> {
  const full = join(folder, path);
  try {
    const bytes = await readFile(full);
    return { path, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  } catch (error) {
    throw new DataError(`${full}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** The same for an image, which is decoded as a whole. @throws DataError if it is damaged. */
export async function describeImage(
  folder: string,
  path: string,
): Promise<{ readonly file: ManifestFile; readonly image: PixelImage }> {
  const image = await readImage(join(folder, path));
  return { image, file: { ...(await describeFile(folder, path)), width: image.width, height: image.height } };
}

/** Collects faults, so that one look names them all. */
export interface FaultList {
  /** Runs a check; a DataError is kept, anything else passes through. */
  attempt<T>(check: () => Promise<T>): Promise<T | undefined>;
  /** @throws DataError naming up to 20 faults, if there are any. */
  assertNone(what: string): void;
}

/** An empty list of faults. */
export function createFaultList(): FaultList {
  const faults: string[] = [];
  return {
    attempt: async (check) => {
      try {
        return await check();
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        faults.push(error.message);
        return undefined;
      }
    },
    assertNone: (what) => {
      if (faults.length === 0) return;
      const more = faults.length > 20 ? `\n  and ${faults.length - 20} more` : "";
      throw new DataError(
        `${what}: ${faults.length} file${faults.length === 1 ? "" : "s"} cannot be used:\n  ${faults.slice(0, 20).join("\n  ")}${more}`,
      );
    },
  };
}

/** Says where a count departs from the published one. */
export function countWarnings(splits: Readonly<Record<string, ManifestSplit>>): string[] {
  return Object.entries(splits)
    .filter(([, { count, published }]) => count !== published)
    .map(([name, { count, published }]) => `${name}: ${count} examples; the published data set has ${published}`);
}
