import { assertShape } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import {
  add,
  cast,
  div,
  greater,
  matMul,
  maximum,
  mean,
  mul,
  type Rank,
  reshape,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tidy,
  type Variable,
} from "@tensorflow/tfjs-core";
import { channelsLast } from "./batch-norm.ts";
import type { ConditionalLayer } from "./conditional-layer.ts";
import type { AffineInitializer } from "./initializers.ts";
import { assertIntegers } from "./options.ts";
import { createBuffer, createParameter, ownedState } from "./variables.ts";

/** A batch normalisation for each class. */
export interface ClassBatchNormOptions {
  readonly channels: number;
  readonly classCount: number;
  /** How "scale" and "offset" [classCount, channels] start. */
  readonly affine: AffineInitializer;
  /** Added to the variance. @defaultValue 1e-5 */
  readonly epsilon?: number;
  /** Share of the newest batch in the running statistics. @defaultValue 0.1 */
  readonly momentum?: number;
}

/**
 * A batch normalisation of its own for each class: not only scale and offset but also the statistics are those of the
 * class's examples in the batch (`createConditionalBatchNorm` shares the statistics). As if each class had a network of
 * its own. Parameters: "scale" and "offset" [classCount, channels]. Buffers: "runningMean" (starts at 0) and
 * "runningVariance" (starts at 1, of the unbiased variance), [classCount, channels]; those of classes with fewer than two
 * values a channel in a batch stay as they are.
 *
 * A class's only value of a channel in a training batch becomes the offset, whatever it was: give each class that
 * occurs two examples or more. First-order gradients.
 *
 * @returns a layer of [batch, channels] or [batch, height, width, channels]; owned by the caller.
 */
export function createClassBatchNorm<T extends Tensor = Tensor4D>(
  key: RandomKey,
  { channels, classCount, affine, epsilon = 1e-5, momentum = 0.1 }: ClassBatchNormOptions,
): ConditionalLayer<T> {
  assertIntegers(channels, 1, "channels");
  assertIntegers(classCount, 1, "classCount");
  if (!(momentum >= 0 && momentum <= 1)) throw new RangeError(`momentum: expected a number in [0, 1], got ${momentum}`);
  const table = [classCount, channels];
  const fans = { in: classCount, out: channels };
  const scale = createParameter<Rank.R2>(affine.scale, key.split("scale"), table, fans);
  const offset = createParameter<Rank.R2>(affine.offset, key.split("offset"), table, fans);
  const runningMean = createBuffer<Rank.R2>(new Float32Array(classCount * channels), table);
  const runningVariance = createBuffer<Rank.R2>(new Float32Array(classCount * channels).fill(1), table);

  return {
    ...ownedState({ scale, offset }, { runningMean, runningVariance }),
    forward: (input, codes, pass) => {
      assertShape(input, channelsLast(input, channels), "input");
      const batch = input.shape[0]!;
      assertShape(codes, [batch, classCount], "codes");
      const positions = input.size / (batch * channels);
      return tidy(() => {
        // [batch, channels] of a table by class, beside every position.
        const perExample = (values: Tensor2D): Tensor => {
          const rows = matMul(codes, values);
          return input.rank === 2 ? rows : reshape(rows, [batch, 1, 1, channels]);
        };
        const apply = (centered: Tensor, variance: Tensor2D): T => {
          const standardized = mul(centered, rsqrt(add(perExample(variance), epsilon)));
          return add(mul(standardized, perExample(scale)), perExample(offset)) as T;
        };
        if (pass.mode === "inference") return apply(sub(input, perExample(runningMean)), runningVariance);

        const counts = reshape(sum(codes, 0), [classCount, 1]);
        // Of each class; 0 for one that the batch lacks.
        const classMeans = (values: Tensor): Tensor2D => {
          const rows = (input.rank === 2 ? values : mean(values, [1, 2])) as Tensor2D;
          return div(matMul(codes, rows, true), maximum(counts, 1));
        };
        const means = classMeans(input);
        const centered = sub(input, perExample(means));
        const variances = classMeans(square(centered));
        const valueCounts = mul(counts, positions);
        const share = mul(cast(greater(valueCounts, 1), "float32"), momentum);
        const unbiased = div(valueCounts, maximum(sub(valueCounts, 1), 1));
        move(runningMean, means, share);
        move(runningVariance, mul(variances, unbiased), share);
        return apply(centered, variances);
      });
    },
  };
}

function move(running: Variable<Rank.R2>, newest: Tensor2D, share: Tensor): void {
  running.assign(add(running, mul(share, sub(newest, running))));
}
