import { join } from "node:path";
import { DataError, type Dataset } from "@divgen/core-tensors";
import { cmpJpegPalette, cmpPngPalette, type LabelPalette } from "@divgen/image-files";
import { permutation, type RandomKey } from "@divgen/random";
import { cacheInMemory, selectExamples } from "./dataset-tools.ts";
import { createProceduralFacades } from "./facades/procedural-facades.ts";
import {
  type LabelFolderDataset,
  openCityscapes,
  openCmpFacades,
  openColorCodedPairs,
  openLabelFolder,
} from "./label-folder.ts";
import type { LabelledPairedExample } from "./paired-example.ts";
import { readPaletteFile } from "./palette-file.ts";

/** Where layouts with photographs may come from. */
export const layoutSources = ["procedural", "cmp", "cmp-pix2pix", "cityscapes", "label-folder"] as const;

/** Which layouts and photographs to train and test with. */
export interface LayoutSplitOptions {
  /**
   * - "procedural": drawn facades with exact labels; no files.
   * - "cmp": CMP Facades as published, one folder of `cmp_b0001.jpg` beside indexed `cmp_b0001.png`; split by the key.
   * - "cmp-pix2pix": pix2pix's A|B JPEGs with colour-coded labels at the right, under `path`/train and `path`/`testSplit`.
   * - "cityscapes": `leftImg8bit` and `gtFine` under `path`; splits "train" and `testSplit`; 19 train ids.
   * - "label-folder": `path`/palette.json, and `path`/SPLIT/photos with `path`/SPLIT/labels (indexed PNG) of the same names.
   */
  readonly source: (typeof layoutSources)[number];
  readonly path: string;
  readonly testSplit: string;
  /** Pixels. */
  readonly height: number;
  readonly width: number;
  /** Examples to use, at most; procedural data makes as many. */
  readonly trainCount: number;
  readonly testCount: number;
}

/** Layouts and photographs of one palette. */
export interface LayoutSplits {
  readonly train: Dataset<LabelledPairedExample>;
  readonly test: Dataset<LabelledPairedExample>;
  /** Classes in the order of one-hot codes. */
  readonly palette: LabelPalette;
}

/**
 * Training and test layouts with their photographs, kept in memory once loaded; at most as many as asked for, chosen by
 * the key. Labels are resized to the nearest pixel, and colour-coded ones are decoded before that.
 *
 * @throws DataError for folders and files that are missing or unfit; RangeError for a procedural size that is no square.
 */
export async function openLayoutSplits(key: RandomKey, options: LayoutSplitOptions): Promise<LayoutSplits> {
  const { source, path, testSplit, trainCount, testCount, height, width } = options;
  if (source === "procedural") {
    if (height !== width) throw new RangeError(`procedural facades: expected a square, got ${width} x ${height}`);
    const facades = (split: "train" | "validation", count: number) =>
      cacheInMemory(createProceduralFacades({ size: height, count, key, split }));
    return { train: facades("train", trainCount), test: facades("validation", testCount), palette: cmpPngPalette };
  }
  if (source === "cmp") {
    const all = await openCmpFacades({ path, height, width });
    if (all.size < 2) throw new DataError(`${path}: expected at least two facades to split, got ${all.size}.`);
    const order = permutation(key.split("split"), all.size);
    const testing = Math.min(testCount, Math.max(1, all.size - trainCount));
    const part = (start: number, end: number) => cacheInMemory(selectExamples(all, order.slice(start, end).sort()));
    return {
      test: part(0, testing),
      train: part(testing, Math.min(testing + trainCount, all.size)),
      palette: all.palette,
    };
  }
  const palette = source === "label-folder" ? await readPaletteFile(join(path, "palette.json")) : undefined;
  const choose = async (split: string, count: number) => {
    const all = await openSplit(options, split, palette);
    const chosen = permutation(key.split(split), all.size).slice(0, count);
    return { palette: all.palette, dataset: cacheInMemory(selectExamples(all, chosen.sort())) };
  };
  const train = await choose("train", trainCount);
  const test = await choose(testSplit, testCount);
  return { train: train.dataset, test: test.dataset, palette: train.palette };
}

function openSplit(
  { source, path, height, width }: LayoutSplitOptions,
  split: string,
  palette: LabelPalette | undefined,
): Promise<LabelFolderDataset> {
  const size = { height, width };
  if (palette !== undefined) {
    const folder = join(path, split);
    const folders = { photos: join(folder, "photos"), labels: join(folder, "labels") };
    return openLabelFolder({ ...folders, palette, encoding: "indexed", ...size });
  }
  return source === "cityscapes"
    ? openCityscapes({ path, split, ...size })
    : openColorCodedPairs({ path, split, palette: cmpJpegPalette, labelHalf: "B", ...size });
}
