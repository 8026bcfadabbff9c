import { fromUint8, type ImageBatch } from "@divgen/core-tensors";
import { createBatchSchedule, type GreyImages } from "@divgen/datasets";
import { integers, type RandomKey } from "@divgen/random";
import type { BatchSource } from "@divgen/training";
import { type Tensor1D, tensor1d } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";

/** One training batch. */
export interface DigitBatch {
  /** [batch, 28, 28, 1]. */
  readonly images: ImageBatch;
  /** int32 [batch]. */
  readonly labels: Tensor1D;
}

/** Digits of a batch, each shifted by up to `largestShift` pixels, black coming in; owned by the caller. */
export function digitBatch(
  { images, labels }: Pick<GreyImages, "images" | "labels">,
  indices: ArrayLike<number>,
  { largestShift, key }: { readonly largestShift: number; readonly key: RandomKey },
): DigitBatch {
  const { width, height, pixels } = images;
  const count = indices.length;
  const shiftsOf = (axis: string) => integers(key.split(axis), count, -largestShift, largestShift + 1);
  const [rowShifts, columnShifts] = [shiftsOf("rows"), shiftsOf("columns")];
  const bytes = new Uint8Array(count * height * width);
  for (let item = 0; item < count; item++) {
    for (let row = 0; row < height; row++) {
      const sourceRow = row + rowShifts[item]!;
      if (sourceRow < 0 || sourceRow >= height) continue;
      const first = Math.max(0, -columnShifts[item]!);
      const last = Math.min(width, width - columnShifts[item]!);
      const source = (indices[item]! * height + sourceRow) * width + columnShifts[item]!;
      bytes.set(pixels.subarray(source + first, source + last), (item * height + row) * width + first);
    }
  }
  return {
    images: fromUint8(bytes, { batch: count, height, width, channels: 1 }),
    labels: tensor1d(
      Int32Array.from(indices, (index) => labels[index]!),
      "int32",
    ),
  };
}

/** Training batches by step. */
export function createDigitBatches(
  key: RandomKey,
  digits: GreyImages,
  { trainCount, batchSize, largestShift }: Config,
): BatchSource<DigitBatch> {
  const size = Math.min(trainCount, digits.size);
  const schedule = createBatchSchedule({ size, batchSize, lastBatch: "drop", key: key.split("order") });
  return {
    stepsPerEpoch: schedule.stepsPerEpoch,
    load: async (step) =>
      digitBatch(digits, schedule.batchForStep(step).indices, {
        largestShift,
        key: key.split("shifts").fold(step),
      }),
  };
}
