import { assertShape, type Layer } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { createAffine } from "./affine.ts";
import { channelsLast } from "./batch-norm.ts";
import type { AffineInitializer } from "./initializers.ts";
import { normalizeLayer } from "./normalization.ts";
import { assertIntegers } from "./options.ts";

/** Normalisation of each example by itself. */
export interface LayerNormOptions {
  readonly channels: number;
  /**
   * What one mean and variance run over: "example", all values of an example (DRIT's and CRN's, over height, width and
   * channels); "position", the channels of one position (PyTorch's LayerNorm over the last axis).
   */
  readonly over: "example" | "position";
  /** How "scale" and "offset" [channels] start; false for none. */
  readonly affine: AffineInitializer | false;
  /** Added to the variance. @defaultValue 1e-5 */
  readonly epsilon?: number;
}

/**
 * Layer normalisation (Ba et al. 2016) of [batch, channels] or [batch, height, width, channels]. Parameters, if
 * affine: "scale" and "offset" [channels].
 *
 * @returns owned by the caller.
 */
export function createLayerNorm<T extends Tensor = Tensor4D>(
  key: RandomKey,
  { channels, over, affine, epsilon = 1e-5 }: LayerNormOptions,
): Layer<T> {
  assertIntegers(channels, 1, "channels");
  const { state, values } = createAffine(key, channels, affine);
  return {
    ...state,
    forward: (input) => {
      assertShape(input, channelsLast(input, channels), "input");
      const last = input.rank - 1;
      const axes = over === "position" ? [last] : Array.from({ length: last }, (_, index) => index + 1);
      return normalizeLayer(input, axes, values, epsilon);
    },
  };
}
