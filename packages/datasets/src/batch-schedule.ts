import { permutation, type RandomKey } from "@divgen/random";

/** Which examples make up which batch. */
export interface BatchScheduleOptions {
  /** Number of examples. */
  readonly size: number;
  readonly batchSize: number;
  readonly key: RandomKey;
  /**
   * What becomes of the examples that do not fill a batch at the end of an epoch: "drop" leaves them out (others each
   * epoch, the order being new), "keep" makes a smaller batch of them.
   *
   * @defaultValue "drop"
   */
  readonly lastBatch?: "drop" | "keep";
}

/** The examples of one step. */
export interface ScheduledBatch {
  /** Which pass over the data, from 0. */
  readonly epoch: number;
  /** Numbers of examples, unlike each other. */
  readonly indices: Int32Array;
}

/** Batches by step number. */
export interface BatchSchedule {
  readonly stepsPerEpoch: number;
  /** @throws RangeError if the step is not an integer >= 0. */
  batchForStep(step: number): ScheduledBatch;
}

/**
 * Epochs in random order, addressed by step: the batch of a step follows from key and step alone, so a resumed run sees
 * what an uninterrupted one would have seen. Epoch e is in the order `permutation(key.fold(e), size)`.
 *
 * @throws RangeError if there is no example, or not one whole batch of them and the rest is dropped.
 */
export function createBatchSchedule({ size, batchSize, key, lastBatch = "drop" }: BatchScheduleOptions): BatchSchedule {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`size: expected at least one example, got ${size}`);
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`batchSize: expected an integer >= 1, got ${batchSize}`);
  }
  if (lastBatch === "drop" && batchSize > size) {
    throw new RangeError(`batchSize: expected at most ${size}, the number of examples, got ${batchSize}`);
  }
  const stepsPerEpoch = lastBatch === "drop" ? Math.floor(size / batchSize) : Math.ceil(size / batchSize);
  let orderEpoch = -1;
  let order = new Int32Array(0) as Int32Array;
  return {
    stepsPerEpoch,
    batchForStep: (step) => {
      if (!Number.isSafeInteger(step) || step < 0) throw new RangeError(`step: expected an integer >= 0, got ${step}`);
      const epoch = Math.floor(step / stepsPerEpoch);
      if (epoch !== orderEpoch) {
        order = permutation(key.fold(epoch), size);
        orderEpoch = epoch;
      }
      const start = (step % stepsPerEpoch) * batchSize;
      return { epoch, indices: order.slice(start, start + batchSize) };
    },
  };
}
