import { assertShape, type Layer } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { createAffine } from "./affine.ts";
import type { AffineInitializer } from "./initializers.ts";
import { normalizeInstance } from "./normalization.ts";
import { assertIntegers } from "./options.ts";

/** Instance normalisation without running statistics: the same at training and inference. */
export interface InstanceNormOptions {
  readonly channels: number;
  /** How "scale" and "offset" start; false for none (PyTorch's default for this layer). */
  readonly affine: AffineInitializer | false;
  /** Added to the variance. @defaultValue 1e-5 */
  readonly epsilon?: number;
}

/**
 * Instance normalisation (Ulyanov et al. 2016) of [batch, height, width, channels]. Parameters, if affine: "scale"
 * and "offset" [channels].
 *
 * @returns owned by the caller. Its forward pass throws a ShapeError for images of one pixel.
 */
export function createInstanceNorm(
  key: RandomKey,
  { channels, affine, epsilon = 1e-5 }: InstanceNormOptions,
): Layer<Tensor4D> {
  assertIntegers(channels, 1, "channels");
  const { state, values } = createAffine(key, channels, affine);
  return {
    ...state,
    forward: (input) => {
      assertShape(input, ["batch", "height", "width", channels], "input");
      return normalizeInstance(input, values, epsilon);
    },
  };
}
