import { assertShape, type ExpectedDimension, type ForwardPass, type Layer } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { createAffine } from "./affine.ts";
import type { AffineInitializer } from "./initializers.ts";
import { type Affine, normalizeBatch, normalizeWith } from "./normalization.ts";
import { assertIntegers } from "./options.ts";
import { createRunningStatistics, type RunningStatistics } from "./running-statistics.ts";

/** Batch normalisation with PyTorch's conventions. */
export interface BatchNormOptions {
  readonly channels: number;
  /** How "scale" and "offset" start; false for none. */
  readonly affine: AffineInitializer | false;
  /** Added to the variance. @defaultValue 1e-5 */
  readonly epsilon?: number;
  /** Share of the newest batch in the running statistics. @defaultValue 0.1 */
  readonly momentum?: number;
  /** false: no buffers, and the statistics of the batch at inference too. @defaultValue true */
  readonly trackRunningStatistics?: boolean;
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) of [batch, channels] or [batch, height, width, channels].
 *
 * Parameters, if affine: "scale" and "offset" [channels]. Buffers: "runningMean" (starts at 0) and "runningVariance"
 * (starts at 1, of the unbiased variance). Each forward pass in training mode moves the buffers:
 * running = (1 - momentum) running + momentum batch.
 *
 * @returns owned by the caller. Its forward pass in training mode throws a ShapeError for one value a channel.
 */
export function createBatchNorm<T extends Tensor = Tensor4D>(key: RandomKey, options: BatchNormOptions): Layer<T> {
  const { channels, affine } = options;
  assertIntegers(channels, 1, "channels");
  const running = createRunningStatistics(options);
  const { state, values } = createAffine(key, channels, affine, { ...running?.buffers });
  return {
    ...state,
    forward: (input, pass) => {
      assertShape(input, channelsLast(input, channels), "input");
      return normalizeInMode(input, pass, values, running, options.epsilon ?? 1e-5);
    },
  };
}

/** The shape a normalisation expects of an input of this rank. */
export function channelsLast(input: Tensor, channels: number): ExpectedDimension[] {
  return input.rank === 2 ? ["batch", channels] : ["batch", "height", "width", channels];
}

/** Batch statistics, taken up by the running ones, in training; running statistics at inference if there are any. */
export function normalizeInMode<T extends Tensor>(
  input: T,
  pass: ForwardPass,
  affine: Affine,
  running: RunningStatistics | null,
  epsilon: number,
): T {
  if (pass.mode === "inference" && running !== null) return normalizeWith(input, running, affine, epsilon);
  const { output, mean, variance } = normalizeBatch(input, affine, epsilon);
  if (pass.mode === "training") running?.update(mean, variance, input.size / mean.size);
  mean.dispose();
  variance.dispose();
  return output;
}
