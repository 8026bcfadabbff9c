import { assertShape, type Layer } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { add, mul, reshape, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { createAffine } from "./affine.ts";
import type { AffineInitializer } from "./initializers.ts";
import { normalizeLayer } from "./normalization.ts";
import { assertIntegers } from "./options.ts";

/** Normalisation of groups of neighbouring channels. */
export interface GroupNormOptions {
  readonly channels: number;
  readonly groups: number;
  /** How "scale" and "offset" [channels] start; false for none. */
  readonly affine: AffineInitializer | false;
  /** Added to the variance. @defaultValue 1e-5 */
  readonly epsilon?: number;
}

/**
 * Group normalisation (Wu and He 2018) of [batch, height, width, channels]. Parameters, if affine: "scale" and
 * "offset" [channels].
 *
 * @returns owned by the caller.
 * @throws RangeError if the groups do not divide the channels.
 */
export function createGroupNorm(
  key: RandomKey,
  { channels, groups, affine, epsilon = 1e-5 }: GroupNormOptions,
): Layer<Tensor4D> {
  assertIntegers(channels, 1, "channels");
  assertIntegers(groups, 1, "groups");
  if (channels % groups !== 0) {
    throw new RangeError(`groups: expected a divisor of ${channels} channels, got ${groups}`);
  }
  const { state, values } = createAffine(key, channels, affine);
  return {
    ...state,
    forward: (input) => {
      assertShape(input, ["batch", "height", "width", channels], "input");
      const [batch, height, width] = input.shape;
      return tidy(() => {
        const grouped = reshape(input, [batch, height * width, groups, channels / groups]);
        const standardized = reshape(normalizeLayer(grouped, [1, 3], null, epsilon), input.shape) as Tensor4D;
        return values === null ? standardized : (add(mul(standardized, values.scale), values.offset) as Tensor4D);
      });
    },
  };
}
