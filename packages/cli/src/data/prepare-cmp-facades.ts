import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { isFolder } from "@divgen/datasets";
import { cmpPngPalette, labelMapFromIndexedPng, labelMapToColors, writePng } from "@divgen/image-files";
import { openImageTree } from "../samples/image-tree.ts";
import {
  countWarnings,
  createFaultList,
  type DataManifest,
  describeFile,
  describeImage,
  type ManifestFile,
  type ManifestSplit,
} from "./data-manifest.ts";
import type { PrepareRequest } from "./prepare-pairs.ts";

/** The parts of the CMP facades, with what they are used as: there is no published split. */
const PARTS = { base: { split: "train", published: 378 }, extended: { split: "test", published: 228 } } as const;

/** Whether a folder holds the CMP facades as published: `base/` or `extended/` with indexed label files. */
export async function isCmpFacades(from: string): Promise<boolean> {
  return (await isFolder(join(from, "base"))) || (await isFolder(join(from, "extended")));
}

/**
 * Checks the CMP facades as published, `cmp_b0001.jpg` beside the indexed `cmp_b0001.png` in `base/` and `extended/`:
 * every photograph decodes and has labels of its size with classes 1 to 12. Labels are written in the palette's colours as
 * `TO/B/SPLIT/NAME.png` beside the photographs in `TO/A/SPLIT/`; base becomes train, extended test.
 *
 * @throws DataError naming all files that cannot be used.
 */
export async function prepareCmpFacades({ from, to, progress }: PrepareRequest): Promise<DataManifest> {
  const splits: Record<string, ManifestSplit> = {};
  const faults = createFaultList();
  for (const [part, { split, published }] of Object.entries(PARTS)) {
    const folder = join(from, part);
    if (!(await isFolder(folder))) continue;
    const tree = await openImageTree(folder);
    const names = Array.from({ length: tree.count }, (_, index) => tree.nameOf(index));
    const known = new Set(names);
    const photos = names.filter((name) => !name.toLowerCase().endsWith(".png"));
    const files: ManifestFile[] = [];
    for (const [index, name] of photos.entries()) {
      await faults.attempt(async () => {
        const stem = name.replace(/\.[^.]+$/, "");
        const labelName = `${stem}.png`;
        if (!known.has(labelName)) throw new DataError(`${join(folder, name)}: expected ${labelName} beside it.`);
        const { file, image } = await describeImage(from, `${part}/${name}`);
        const labels = await labelMapFromIndexedPng(join(folder, labelName), cmpPngPalette);
        if (labels.width !== image.width || labels.height !== image.height) {
          throw new DataError(
            `${join(folder, labelName)}: expected ${image.width} x ${image.height} like its photograph, got ${labels.width} x ${labels.height}.`,
          );
        }
        if (to !== undefined) {
          await writePng(join(to, "A", split, `${stem}.png`), image);
          await writePng(join(to, "B", split, `${stem}.png`), labelMapToColors(labels, cmpPngPalette));
        }
        files.push(file, await describeFile(from, `${part}/${labelName}`));
      });
      progress(index + 1, photos.length);
    }
    splits[split] = { count: files.length / 2, published, files };
  }
  faults.assertNone(from);
  const palette = { name: cmpPngPalette.name, distance: 0 };
  return { formatVersion: 1, data: "facades", form: "cmp", splits, palette, warnings: countWarnings(splits) };
}
