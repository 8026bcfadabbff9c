import { join } from "node:path";
import { DataError, type Dataset } from "@divgen/core-tensors";
import {
  cropImage,
  type PixelImage,
  type ResampleFilter,
  readImage,
  readImageSize,
  resizeImage,
} from "@divgen/image-files";
import { assertIndex } from "./dataset-tools.ts";
import { isFolder, listFolder, stem } from "./list-images.ts";
import type { PairedExample } from "./paired-example.ts";

/** Where pairs are and which way to go. */
export interface PairedFolderOptions {
  /** The data set's folder. */
  readonly path: string;
  /** A folder in it, such as "train", "val" or "test"; without it the pairs lie in `path` itself. */
  readonly split?: string;
  /** "BtoA": the input is the right half (B). pix2pix's facades and maps are trained this way or that. */
  readonly direction: "AtoB" | "BtoA";
  /** Side in pixels that each half is resized to (not keeping its aspect, as pix2pix does); without it halves stay as they are. */
  readonly size?: number;
  /** For the target and, unless named apart, the input. @defaultValue "bicubic" */
  readonly filter?: ResampleFilter;
  /** For the input; "nearest" keeps label colours pure. @defaultValue `filter` */
  readonly inputFilter?: ResampleFilter;
}

/** The two pictures of a pair before the direction is applied. */
interface Halves {
  readonly a: PixelImage;
  readonly b: PixelImage;
}

interface PairSource {
  readonly name: string;
  readonly load: () => Promise<Halves>;
}

/**
 * Opens image pairs in one of pix2pix's two forms: files of 2W x H with A on the left and B on the right, or two folders
 * of equally named files, `SPLIT/A` and `SPLIT/B` or `A/SPLIT` and `B/SPLIT` (endings may differ). Pictures are read when
 * loaded; `verifyDataset` reads them all, `cacheInMemory` keeps them.
 *
 * @throws DataError now for a missing or empty folder and for a half without its other; on `load` for an unreadable file,
 *   an odd width, a file of half the width that the first one has, or halves of unlike size. Each names the file, what was expected and what was found.
 */
export async function openPairedFolder(options: PairedFolderOptions): Promise<Dataset<PairedExample>> {
  const { path, split = "", direction, size, filter = "bicubic", inputFilter = filter } = options;
  if (size !== undefined && (!Number.isInteger(size) || size < 1)) {
    throw new RangeError(`size: expected an integer >= 1, got ${size}`);
  }
  const pairs = await findPairs(path, split);
  const fit = (image: PixelImage, by: ResampleFilter): PixelImage =>
    size === undefined || (image.width === size && image.height === size)
      ? image
      : resizeImage(image, { width: size, height: size }, by);
  return {
    name: `paired-folder ${join(path, split)} ${direction}`,
    size: pairs.length,
    load: async (index) => {
      assertIndex(index, pairs.length);
      const { name, load } = pairs[index]!;
      const { a, b } = await load();
      const [input, target] = direction === "AtoB" ? [a, b] : [b, a];
      return { name, input: fit(input, inputFilter), target: fit(target, filter) };
    },
  };
}

async function findPairs(path: string, split: string): Promise<PairSource[]> {
  await listFolder(path, "a folder of image pairs");
  for (const [folderA, folderB] of [
    [join(path, split, "A"), join(path, split, "B")],
    [join(path, "A", split), join(path, "B", split)],
  ] as const) {
    if ((await isFolder(folderA)) || (await isFolder(folderB))) return twoFolders(folderA, folderB);
  }
  const folder = join(path, split);
  if (!(await isFolder(folder))) {
    const { folders } = await listFolder(path, "a folder of image pairs");
    throw new DataError(
      `${folder}: expected the folder of the "${split}" pairs, but there is none. ${path} has ${folders.length > 0 ? folders.join(", ") : "no folders"}.`,
    );
  }
  const { images, folders } = await listFolder(folder, "a folder of image pairs");
  if (images.length === 0) {
    const hint = folders.length > 0 ? ` It has the folders ${folders.join(", ")}: name one as the split.` : "";
    throw new DataError(
      `${folder}: expected image files (A beside B in each) or folders A and B, got none of either.${hint}`,
    );
  }
  const first = join(folder, images[0]!);
  return images.map((name) => ({ name: stem(name), load: () => loadSideBySide(join(folder, name), first) }));
}

/** @param first - a file of the folder, whose shape a pair that lost a half does not have. */
async function loadSideBySide(path: string, first: string): Promise<Halves> {
  const image = await readImage(path);
  await assertBothHalves(image, path, first);
  if (image.width % 2 !== 0) {
    throw new DataError(
      `${path}: expected A and B of one size side by side, so an even width, got ${image.width} x ${image.height}. Make the pair anew or remove the file.`,
    );
  }
  const half = { width: image.width / 2, height: image.height, top: 0 };
  return { a: cropImage(image, { ...half, left: 0 }), b: cropImage(image, { ...half, left: half.width }) };
}

/** A picture alone is half as wide as a pair: its own left and right would pass for A and B. */
async function assertBothHalves({ width, height }: PixelImage, path: string, first: string): Promise<void> {
  if (path === first) return;
  // The first one's own fault is reported where it is read itself.
  const shape = await readImageSize(first).catch(() => undefined);
  if (shape === undefined) return;
  const proportion = (width / height) * (shape.height / shape.width);
  if (Math.abs(proportion - 0.5) > 0.005 && Math.abs(proportion - 2) > 0.02) return;
  const [lacking, whole] = proportion < 1 ? [path, first] : [first, path];
  throw new DataError(
    `${path}: expected the proportions of ${first}, ${shape.width} x ${shape.height}, got ${width} x ${height}: ${lacking} seems to lack a half that ${whole} has. Make the pair anew or remove the file.`,
  );
}

async function twoFolders(folderA: string, folderB: string): Promise<PairSource[]> {
  const a = await filesByStem(folderA);
  const b = await filesByStem(folderB);
  assertPartners(a, b, folderA, folderB);
  assertPartners(b, a, folderB, folderA);
  if (a.size === 0) throw new DataError(`${folderA}: expected image files, got none.`);
  return Array.from(a, ([name, fileA]) => ({
    name,
    load: () => loadFromTwoFiles(join(folderA, fileA), join(folderB, b.get(name)!)),
  }));
}

async function filesByStem(folder: string): Promise<Map<string, string>> {
  const { images } = await listFolder(folder, "a folder with one half of the image pairs");
  const files = new Map<string, string>();
  for (const name of images) {
    const known = files.get(stem(name));
    if (known) throw new DataError(`${folder}: expected one file a pair, got both ${known} and ${name}. Remove one.`);
    files.set(stem(name), name);
  }
  return files;
}

function assertPartners(
  files: ReadonlyMap<string, string>,
  partners: ReadonlyMap<string, string>,
  folder: string,
  partnerFolder: string,
): void {
  const alone = Array.from(files).flatMap(([name, file]) => (partners.has(name) ? [] : [file]));
  if (alone.length === 0) return;
  const shown = alone.slice(0, 5).join(", ") + (alone.length > 5 ? ", ..." : "");
  throw new DataError(
    `${folder}: expected each image to have a partner of the same name in ${partnerFolder}, got ${alone.length} without: ${shown}.`,
  );
}

async function loadFromTwoFiles(pathA: string, pathB: string): Promise<Halves> {
  const [a, b] = await Promise.all([readImage(pathA), readImage(pathB)]);
  if (a.width !== b.width || a.height !== b.height) {
    throw new DataError(
      `${pathB}: expected ${a.width} x ${a.height} like its partner ${pathA}, got ${b.width} x ${b.height}.`,
    );
  }
  return { a, b };
}
