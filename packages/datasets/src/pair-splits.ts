import type { Dataset } from "@divgen/core-tensors";
import { permutation, type RandomKey } from "@divgen/random";
import { cacheInMemory, selectExamples } from "./dataset-tools.ts";
import { createProceduralFacades } from "./facades/procedural-facades.ts";
import type { PairedExample } from "./paired-example.ts";
import { openPairedFolder } from "./paired-folder.ts";

/** Which pairs to train and test with. */
export interface PairSplitOptions {
  /** "procedural" draws facades; "paired-folder" reads pix2pix's A|B images under `path`/train and `path`/`testSplit`. */
  readonly source: "procedural" | "paired-folder";
  readonly path: string;
  readonly testSplit: string;
  /** Which half is the input. The facades and maps of pix2pix: "BtoA", label or map to photograph. */
  readonly direction: "AtoB" | "BtoA";
  /** Pixels of a side. */
  readonly size: number;
  /** Examples to use, at most; procedural data makes as many. */
  readonly trainCount: number;
  readonly testCount: number;
}

/**
 * Training and test pairs, kept in memory once loaded; at most as many as asked for, chosen by the key.
 *
 * @throws DataError as `openPairedFolder`.
 */
export async function openPairSplits(
  key: RandomKey,
  { source, path, testSplit, direction, size, trainCount, testCount }: PairSplitOptions,
): Promise<{ readonly train: Dataset<PairedExample>; readonly test: Dataset<PairedExample> }> {
  if (source === "procedural") {
    const facades = (split: "train" | "validation", count: number) =>
      cacheInMemory(createProceduralFacades({ size, count, key, split }));
    return { train: facades("train", trainCount), test: facades("validation", testCount) };
  }
  const folder = async (split: string, count: number) => {
    const pairs = await openPairedFolder({ path, split, direction, size });
    const chosen = permutation(key.split(split), pairs.size).slice(0, count);
    return cacheInMemory(selectExamples(pairs, chosen.sort()));
  };
  return { train: await folder("train", trainCount), test: await folder(testSplit, testCount) };
}
