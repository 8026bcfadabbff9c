import { assertSameShape, assertShape, ShapeError } from "@divgen/core-tensors";
import {
  div,
  logSumExp,
  maximum,
  mul,
  neg,
  type Scalar,
  sub,
  sum,
  type Tensor4D,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";

/**
 * Cross-entropy of pixels: the weighted mean over labelled pixels of -log softmax(logits)[label].
 *
 *   L = sum_p w_label(p) * (logsumexp(logits_p) - logits_p[label(p)]) / sum_p w_label(p)
 *
 * Pixels whose one-hot code is zero (ignored ones) do not count; a batch without labelled pixels gives 0. This is
 * PyTorch's `cross_entropy` with `weight` and `ignore_index`.
 *
 * @param logits - [batch, height, width, class]; gradient flows.
 * @param labels - one-hot, same shape.
 * @param classWeights - one a class; 1 if absent.
 * @returns scalar >= 0, owned by the caller.
 * @throws ShapeError if shapes do not agree.
 */
export function pixelCrossEntropy(logits: Tensor4D, labels: Tensor4D, classWeights?: readonly number[]): Scalar {
  assertShape(logits, ["batch", "height", "width", "class"], "logits");
  assertSameShape(logits, labels, "logits", "labels");
  const classCount = logits.shape[3];
  if (classWeights !== undefined && classWeights.length !== classCount) {
    throw new ShapeError(`classWeights: expected ${classCount}, got ${classWeights.length}`);
  }
  return tidy(() => {
    const weights = classWeights === undefined ? labels : mul(labels, tensor1d([...classWeights]));
    const logLikelihoods = sub(logits, logSumExp(logits, 3, true));
    return div(neg(sum(mul(weights, logLikelihoods))), maximum(sum(weights), 1e-12)) as Scalar;
  });
}

/**
 * Median-frequency weights: the median of the classes' frequencies by each class's own, where a frequency is a class's
 * pixels by all pixels of the images that have it. Classes without pixels weigh 0.
 *
 * @param pixels - pixels of each class in the training images.
 * @param pixelsOfImages - for each class, all pixels of the images that have it.
 * @throws ShapeError for unlike lengths.
 * @see Badrinarayanan et al., "SegNet", 2015, section 3.1 (after Eigen and Fergus).
 */
export function medianFrequencyWeights(pixels: ArrayLike<number>, pixelsOfImages: ArrayLike<number>): number[] {
  if (pixels.length !== pixelsOfImages.length) {
    throw new ShapeError(`pixelsOfImages: expected ${pixels.length} classes, got ${pixelsOfImages.length}`);
  }
  const frequencies = Array.from(pixels, (count, index) => (count === 0 ? 0 : count / pixelsOfImages[index]!));
  const present = frequencies.filter((frequency) => frequency > 0).sort((first, second) => first - second);
  if (present.length === 0) return frequencies;
  const middle = present.length / 2;
  const median = (present[Math.ceil(middle) - 1]! + present[Math.floor(middle)]!) / 2;
  return frequencies.map((frequency) => (frequency === 0 ? 0 : median / frequency));
}
