import { DataError, type Dataset } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { createBatchSchedule, type ScheduledBatch } from "./batch-schedule.ts";

/** Batches by step, ready for a training loop. */
export interface DatasetBatches<Batch> {
  /** Steps in one pass over the data. */
  readonly stepsPerEpoch: number;
  /** The batch of step `step` (from 0). Tensors inside it are owned by the caller. */
  load(step: number): Promise<Batch>;
}

/** How examples become batches. */
export interface DatasetBatchesOptions<Example, Batch> {
  readonly batchSize: number;
  readonly key: RandomKey;
  /** See `BatchScheduleOptions`. @defaultValue "drop" */
  readonly lastBatch?: "drop" | "keep";
  /** Makes a batch, such as by `toPairedBatch`; draws (flips, crops) from `key`, which is the step's own. */
  collate(examples: readonly Example[], key: RandomKey, batch: ScheduledBatch): Batch;
}

/**
 * Loads, shuffles and collates: the batch of a step follows from the key and the step alone.
 *
 *     const batches = createDatasetBatches(facades, {
 *       batchSize: 4,
 *       key: key.split("batches"),
 *       collate: (examples, key) => toPairedBatch(examples, { loadSize: 64, cropSize: 64, flip: true }, key),
 *     });
 *
 * @throws DataError if there are fewer examples than a batch takes (unless the last batch is kept); RangeError as
 *   `createBatchSchedule`; `load` throws what the data set throws.
 */
export function createDatasetBatches<Example, Batch>(
  dataset: Dataset<Example>,
  { batchSize, key, lastBatch = "drop", collate }: DatasetBatchesOptions<Example, Batch>,
): DatasetBatches<Batch> {
  if (lastBatch === "drop" && dataset.size > 0 && batchSize > dataset.size) {
    throw new DataError(
      `${dataset.name}: expected at least ${batchSize} examples, one batch, got ${dataset.size}. Add examples, or train with batches of ${dataset.size} or fewer.`,
    );
  }
  const order = { size: dataset.size, batchSize, lastBatch, key: key.split("order") };
  const schedule = createBatchSchedule(order);
  const collateKey = key.split("collate");
  return {
    stepsPerEpoch: schedule.stepsPerEpoch,
    load: async (step) => {
      const batch = schedule.batchForStep(step);
      const examples = await Promise.all(Array.from(batch.indices, (index) => dataset.load(index)));
      return collate(examples, collateKey.fold(step), batch);
    },
  };
}
