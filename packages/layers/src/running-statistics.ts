import { weightedSum } from "@divgen/core-tensors";
import { type Rank, type Tensor1D, tidy, type Variable } from "@tensorflow/tfjs-core";
import { createBuffer } from "./variables.ts";

/** Moving averages of a normalisation's statistics. */
export interface RunningStatistics {
  readonly mean: Variable<Rank.R1>;
  readonly variance: Variable<Rank.R1>;
  /** The two under the names that checkpoints know. */
  readonly buffers: Readonly<Record<"runningMean" | "runningVariance", Variable>>;
  /**
   * Moves the averages towards the statistics of a batch.
   *
   * @param variance - of the population; the average takes the unbiased one.
   * @param count - values a channel.
   */
  update(mean: Tensor1D, variance: Tensor1D, count: number): void;
}

/** @returns averages at mean 0 and variance 1, or null if they are not wanted. */
export function createRunningStatistics({
  channels,
  momentum = 0.1,
  trackRunningStatistics = true,
}: {
  readonly channels: number;
  readonly momentum?: number;
  readonly trackRunningStatistics?: boolean;
}): RunningStatistics | null {
  if (!(momentum >= 0 && momentum <= 1)) throw new RangeError(`momentum: expected a number in [0, 1], got ${momentum}`);
  if (!trackRunningStatistics) return null;
  const runningMean = createBuffer<Rank.R1>(new Float32Array(channels), [channels]);
  const runningVariance = createBuffer<Rank.R1>(new Float32Array(channels).fill(1), [channels]);
  return {
    mean: runningMean,
    variance: runningVariance,
    buffers: { runningMean, runningVariance },
    update: (mean, variance, count) =>
      tidy(() => {
        runningMean.assign(weightedSum(runningMean, 1 - momentum, mean, momentum));
        const unbiased = momentum * (count / (count - 1));
        runningVariance.assign(weightedSum(runningVariance, 1 - momentum, variance, unbiased));
      }),
  };
}
