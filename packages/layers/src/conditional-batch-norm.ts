import { assertShape } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import {
  add,
  matMul,
  mul,
  type Rank,
  reshape,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { channelsLast, normalizeInMode } from "./batch-norm.ts";
import type { ConditionalLayer } from "./conditional-layer.ts";
import type { AffineInitializer } from "./initializers.ts";
import { assertIntegers } from "./options.ts";
import { createRunningStatistics } from "./running-statistics.ts";
import { createParameter, ownedState } from "./variables.ts";

/** Batch normalisation with a scale and an offset for each class. */
export interface ConditionalBatchNormOptions {
  readonly channels: number;
  readonly classCount: number;
  /** How "scale" and "offset" [classCount, channels] start. */
  readonly affine: AffineInitializer;
  /** Added to the variance. @defaultValue 1e-5 */
  readonly epsilon?: number;
  /** Share of the newest batch in the running statistics. @defaultValue 0.1 */
  readonly momentum?: number;
  /** false: no buffers, and the statistics of the batch at inference too. @defaultValue true */
  readonly trackRunningStatistics?: boolean;
}

/**
 * Conditional batch normalisation (Dumoulin et al. 2017): the statistics are of the whole batch, scale and offset are
 * codes * table, for one-hot codes the row of the class. Parameters: "scale" and "offset" [classCount, channels];
 * buffers as in `createBatchNorm`.
 *
 * @returns a layer of [batch, channels] or [batch, height, width, channels]; owned by the caller.
 */
export function createConditionalBatchNorm<T extends Tensor = Tensor4D>(
  key: RandomKey,
  options: ConditionalBatchNormOptions,
): ConditionalLayer<T> {
  const { channels, classCount, affine, epsilon = 1e-5 } = options;
  assertIntegers(channels, 1, "channels");
  assertIntegers(classCount, 1, "classCount");
  const running = createRunningStatistics(options);
  const fans = { in: classCount, out: channels };
  const table = [classCount, channels];
  const scale = createParameter<Rank.R2>(affine.scale, key.split("scale"), table, fans);
  const offset = createParameter<Rank.R2>(affine.offset, key.split("offset"), table, fans);
  return {
    ...ownedState({ scale, offset }, { ...running?.buffers }),
    forward: (input, codes, pass) => {
      assertShape(input, channelsLast(input, channels), "input");
      assertShape(codes, [input.shape[0]!, classCount], "codes");
      return tidy(() => {
        const perExample = (values: Tensor2D): Tensor => {
          const rows = matMul(codes, values);
          return input.rank === 2 ? rows : reshape(rows, [input.shape[0]!, 1, 1, channels]);
        };
        const standardized = normalizeInMode(input, pass, null, running, epsilon);
        return add(mul(standardized, perExample(scale)), perExample(offset)) as T;
      });
    },
  };
}
