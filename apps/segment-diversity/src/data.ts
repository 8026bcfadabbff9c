import type { Dataset } from "@divgen/core-tensors";
import {
  createDatasetBatches,
  type LabelledPairedExample,
  type LayoutSplits,
  type LayoutTensors,
  openLayoutSplits,
  toLayoutBatch,
} from "@divgen/datasets";
import type { LabelPalette } from "@divgen/image-files";
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
