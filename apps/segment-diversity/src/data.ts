import { DataError, type Dataset } from "@divgen/core-tensors";
import {
  createDatasetBatches,
  type LabelledPairedExample,
  type LayoutSplits,
  type LayoutTensors,
  openLayoutSplits,
  toLayoutBatch,
} from "@divgen/datasets";
import { type LabelPalette, labelMapToIndices } from "@divgen/image-files";
import type { RandomKey } from "@divgen/random";
import type { BatchSource } from "@divgen/training";
import { type Config, widthOf } from "./config.ts";

/** Training and test layouts of a run. */
export function openData(key: RandomKey, config: Config): Promise<LayoutSplits> {
  const { jitter: _jitter, flip: _flip, aspect: _aspect, ...data } = config.data;
  return openLayoutSplits(key.split("data"), { ...data, width: widthOf(config) });
}

/** Training batches, enlarged, cut and mirrored at random as configured. */
export function createBatches(
  key: RandomKey,
  train: Dataset<LabelledPairedExample>,
  palette: LabelPalette,
  { data }: Config,
  batchSize: number,
): BatchSource<LayoutTensors> {
  const { height, jitter, flip } = data;
  const augmentation = { loadSize: height + jitter, cropSize: height, flip, inputFilter: "nearest" } as const;
  const isAugmented = jitter > 0 || flip;
  return createDatasetBatches<LabelledPairedExample, LayoutTensors>(train, {
    batchSize,
    key,
    collate: (examples, stepKey) =>
      toLayoutBatch(examples, palette, isAugmented ? { augmentation, key: stepKey } : undefined),
  });
}

/**
 * Says before training what would otherwise end a run after it: layouts without a single pixel of a class, or too few
 * training pairs for the segmentation network's batches or for the bins of NDB.
 *
 * @throws DataError.
 */
export async function assertScorable(
  { train, test, palette }: LayoutSplits,
  { segmenter, evaluation }: Config,
): Promise<void> {
  for (const split of [train, test]) {
    const indices = Array.from({ length: Math.min(8, split.size) }, (_, index) => index);
    const layouts = await Promise.all(indices.map((index) => split.load(index)));
    if (layouts.some(({ labels }) => labelMapToIndices(labels, palette).some((id) => id < palette.classes.length)))
      continue;
    throw new DataError(
      `${split.name}: expected layouts with pixels of the classes of palette ${palette.name}, got none in the first ${indices.length}. Check the labels: 255 means "of no class".`,
    );
  }
  const needs = { "segmenter.batchSize": segmenter.batchSize, "evaluation.bins": evaluation.bins };
  for (const [setting, least] of Object.entries(needs)) {
    if (train.size >= least) continue;
    throw new DataError(
      `${train.name}: expected at least ${least} pairs, as many as ${setting}, got ${train.size}. Add pairs, or lower ${setting}.`,
    );
  }
}
