import { oneHotCodes } from "@divgen/core-tensors";
import { createBatchSchedule, createGrid, createRing, type PointMixture, type PointSample } from "@divgen/datasets";
import type { RandomKey } from "@divgen/random";
import type { BatchSource, ConditionalBatch } from "@divgen/training";
import { type Tensor2D, tensor2d } from "@tensorflow/tfjs-core";
import { type Config, packSizeOf } from "./config.ts";

/** A mixture and the points drawn from it once, that training sees. */
export interface PointData {
  readonly mixture: PointMixture;
  readonly train: PointSample;
}

export function openPointData(key: RandomKey, { data }: Config): PointData {
  const { variance, radius, spacing, modes } = data;
  const mixture =
    data.set === "ring"
      ? createRing({ modes, radius, variance })
      : createGrid({ side: Math.sqrt(modes), spacing, variance });
  return { mixture, train: mixture.draw(key, data.trainCount) };
}

/** Training batches; with the modes of their points as classes for class-conditional networks. */
export function createPointBatches(
  key: RandomKey,
  { train }: PointData,
  { method, data, training }: Config,
): BatchSource<ConditionalBatch<Tensor2D>> {
  const packSize = packSizeOf(method);
  // Whole packs only: 99 points for packs of 3.
  const batchSize = packSize * Math.floor(training.batchSize / packSize);
  const schedule = createBatchSchedule({ size: data.trainCount, batchSize, key });
  return {
    stepsPerEpoch: schedule.stepsPerEpoch,
    load: async (step) => {
      const { indices } = schedule.batchForStep(step);
      const samples = pointsAt(train, indices);
      if (method !== "class-conditional") return { samples };
      return {
        samples,
        code: oneHotCodes(
          indices.map((index) => train.modes[index]!),
          data.modes,
        ),
      };
    },
  };
}

/** The first points of the data in a few batches, for clustering. */
export function* subsetOf({ train }: PointData, count: number): Generator<Tensor2D> {
  const batch = 1000;
  for (let start = 0; start < count; start += batch) {
    const end = Math.min(count, start + batch);
    yield tensor2d(train.points.slice(2 * start, 2 * end), [end - start, 2], "float32");
  }
}

function pointsAt({ points }: PointSample, indices: Int32Array): Tensor2D {
  const values = new Float32Array(2 * indices.length);
  for (const [row, index] of indices.entries()) {
    values[2 * row] = points[2 * index]!;
    values[2 * row + 1] = points[2 * index + 1]!;
  }
  return tensor2d(values, [indices.length, 2], "float32");
}
