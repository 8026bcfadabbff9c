import { assertSameShape, assertShape } from "@divgen/core-tensors";
import {
  div,
  matMul,
  maximum,
  mean,
  mul,
  neg,
  relu,
  reshape,
  type Scalar,
  sub,
  sum,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";
import { absoluteValue } from "./absolute-value.ts";

/** Two renderings of the same layouts, and what sets them apart. */
export interface NoisePair {
  /** G(layout, noise): [batch, height, width, channels], in [-1, 1]; gradient flows. */
  readonly imagesWithNoise: Tensor4D;
  /** G(layout, 0), same shape, with the same dropout masks; gradient flows. */
  readonly imagesWithoutNoise: Tensor4D;
  /** One-hot layouts, [batch, height, width, class]. */
  readonly labels: Tensor4D;
  /** n, [batch, class], in [-1, 1]; its sign plays no part. */
  readonly noise: Tensor2D;
}

/**
 * |n^c| and the mean absolute difference over the pixels and channels of each segment, both [batch, class]; 0 noise
 * and 0 difference where the layout lacks the class.
 */
function segmentTerms({ imagesWithNoise, imagesWithoutNoise, labels, noise }: NoisePair): [Tensor2D, Tensor2D] {
  assertShape(imagesWithNoise, ["batch", "height", "width", "channels"], "imagesWithNoise");
  assertSameShape(imagesWithNoise, imagesWithoutNoise, "imagesWithNoise", "imagesWithoutNoise");
  const [batch, height, width] = imagesWithNoise.shape;
  assertShape(labels, [batch, height, width, "class"], "labels");
  const classCount = labels.shape[3];
  assertShape(noise, [batch, classCount], "noise");
  const pixelDifference = mean(absoluteValue(sub(imagesWithNoise, imagesWithoutNoise)), 3);
  const flatLabels = reshape(labels, [batch, height * width, classCount]);
  const totals = reshape(matMul(reshape(pixelDifference, [batch, 1, height * width]), flatLabels), [batch, classCount]);
  const pixels = sum(flatLabels, 1);
  // Fractions of a pixel (soft labels) count as they are; only an absent class is lifted to avoid 0 / 0.
  const present = sub(1, relu(sub(1, mul(pixels, 1e6))));
  const differences = div(totals, maximum(pixels, 1e-6)) as Tensor2D;
  return [mul(absoluteValue(noise), present) as Tensor2D, differences];
}

/**
 * Segment-wise diversity with the consistency bound: pushes each segment to change with its own noise, up to a bound.
 *
 *   L = mean_b sum_c |n^c| max( 0, lambda_c - ||G(l, n) - G(l, 0)||^c )
 *
 * ||.||^c is the **mean** over the segment's pixels and channels, which is the only reading under which the paper's
 * lambda of 0.3 makes sense on images in [-1, 1]. A class that a layout lacks contributes 0.
 *
 * @param pair - see `NoisePair`.
 * @param bounds - lambda_c: one number for all classes, or one a class. The paper: 0.3.
 * @returns scalar >= 0, owned by the caller. The paper weighs it by 0.1 on Pix2Pix and 10 on CRN.
 * @throws ShapeError if shapes do not agree.
 * @see Yang et al., "On the Diversity of Realistic Image Synthesis", 2017, eq. 7.
 */
export function segmentDiversityLoss(pair: NoisePair, bounds: number | readonly number[]): Scalar {
  return tidy(() => {
    const [noise, differences] = segmentTerms(pair);
    const classCount = pair.labels.shape[3];
    const perClass = tensor1d(typeof bounds === "number" ? new Array<number>(classCount).fill(bounds) : [...bounds]);
    assertShape(perClass, [classCount], "bounds");
    return mean(sum(mul(noise, relu(sub(perClass, differences))), 1)) as Scalar;
  });
}

/**
 * Segment-wise diversity without a bound: mean_b -sum_c |n^c| ||G(l, n) - G(l, 0)||^c. Images drift away from the
 * layout when it is weighed strongly; `segmentDiversityLoss` is the remedy.
 *
 * @param pair - see `NoisePair`.
 * @returns scalar <= 0, owned by the caller.
 * @throws ShapeError if shapes do not agree.
 * @see Yang et al., 2017, eq. 6.
 */
export function unboundedSegmentDiversityLoss(pair: NoisePair): Scalar {
  return tidy(() => {
    const [noise, differences] = segmentTerms(pair);
    return neg(mean(sum(mul(noise, differences), 1))) as Scalar;
  });
}

/**
 * Diversity of whole images from one noise number, without a bound: mean_b -|n| mean|G(l, n) - G(l, 0)|.
 *
 * @param imagesWithNoise - [batch, height, width, channels], in [-1, 1]; gradient flows.
 * @param imagesWithoutNoise - same shape.
 * @param noise - [batch], in [-1, 1].
 * @returns scalar <= 0, owned by the caller.
 * @throws ShapeError if shapes do not agree.
 * @see Yang et al., 2017, eq. 4 (the norm taken as a mean, as in the other forms).
 */
export function unboundedGlobalDiversityLoss(
  imagesWithNoise: Tensor4D,
  imagesWithoutNoise: Tensor4D,
  noise: Tensor1D,
): Scalar {
  assertSameShape(imagesWithNoise, imagesWithoutNoise, "imagesWithNoise", "imagesWithoutNoise");
  const batch = imagesWithNoise.shape[0];
  assertShape(noise, [batch], "noise");
  return tidy(() => {
    const differences = mean(reshape(absoluteValue(sub(imagesWithNoise, imagesWithoutNoise)), [batch, -1]), 1);
    return neg(mean(mul(absoluteValue(noise), differences))) as Scalar;
  });
}
