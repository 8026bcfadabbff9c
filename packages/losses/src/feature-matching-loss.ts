import { ShapeError } from "@divgen/core-tensors";
import { addN, div, mean, type Scalar, square, sub, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { absoluteValue } from "./absolute-value.ts";
import { assertLists, assertSameShapes } from "./assert-lists.ts";

/**
 * Feature matching between paired images: mean over layers of mean|D_l(real) - D_l(fake)|.
 *
 * @param realFeatures - discriminator activations, one tensor a layer. Gradient flows to them too; a generator's
 * optimizer is not touched by that.
 * @param fakeFeatures - the same layers on the paired generated images.
 * @returns scalar >= 0, owned by the caller.
 * @throws ShapeError if lists or shapes differ.
 * @see Wang et al., "High-Resolution Image Synthesis with Conditional GANs", CVPR 2018, eq. 4 (there with weight 10).
 */
export function featureMatchingLoss(realFeatures: readonly Tensor[], fakeFeatures: readonly Tensor[]): Scalar {
  assertSameShapes(realFeatures, fakeFeatures, "realFeatures", "fakeFeatures");
  return tidy(() => {
    const layers = realFeatures.map((real, index) => mean(absoluteValue(sub(real, fakeFeatures[index]!))));
    return div(addN(layers), layers.length) as Scalar;
  });
}

/**
 * Feature matching between unpaired batches: mean over layers of || mean_b D_l(real) - mean_b D_l(fake) ||^2.
 *
 * @param realFeatures - discriminator activations, one tensor a layer, batch first.
 * @param fakeFeatures - the same layers on generated images; the batch may be of another size.
 * @returns scalar >= 0, owned by the caller.
 * @throws ShapeError if lists differ in length, or layers in shape beyond the batch.
 * @see Salimans et al., "Improved Techniques for Training GANs", 2016, section 3.1.
 */
export function featureMeanMatchingLoss(realFeatures: readonly Tensor[], fakeFeatures: readonly Tensor[]): Scalar {
  assertLists({ realFeatures, fakeFeatures });
  return tidy(() => {
    const layers = realFeatures.map((real, index) => {
      const fake = fakeFeatures[index]!;
      if (String(real.shape.slice(1)) !== String(fake.shape.slice(1))) {
        throw new ShapeError(
          `fakeFeatures[${index}]: expected [batch, ${real.shape.slice(1).join(", ")}], got [${fake.shape.join(", ")}]`,
        );
      }
      return sum(square(sub(mean(real, 0), mean(fake, 0))));
    });
    return div(addN(layers), layers.length) as Scalar;
  });
}
