import { assertShape } from "@divgen/core-tensors";
import {
  add,
  logSoftmax,
  mean,
  mul,
  neg,
  oneHot,
  type Scalar,
  sum,
  type Tensor1D,
  type Tensor2D,
  tidy,
} from "@tensorflow/tfjs-core";

/** How targets of a classification are softened. */
export interface ClassificationOptions {
  /** Share of a target that is spread evenly over all classes, in [0, 1). @defaultValue 0 */
  readonly smoothing?: number;
}

/**
 * Cross-entropy of softmax(logits) and classes:
 *
 *   mean_i - sum_c t_ic log softmax(logits_i)_c,  t_i = (1 - s) onehot(label_i) + s / classes
 *
 * @param logits - [batch, classes].
 * @param labels - class numbers, int32 [batch], 0 to classes - 1.
 * @returns scalar >= 0 in nats, owned by the caller; first-order gradients to the logits.
 * @throws ShapeError if the shapes do not fit; RangeError for a smoothing outside [0, 1).
 * @see PyTorch's `cross_entropy` with `label_smoothing`.
 */
export function softmaxCrossEntropyLoss(
  logits: Tensor2D,
  labels: Tensor1D,
  { smoothing = 0 }: ClassificationOptions = {},
): Scalar {
  assertShape(logits, ["batch", "classes"], "logits");
  assertShape(labels, [logits.shape[0]], "labels");
  if (!(smoothing >= 0 && smoothing < 1)) {
    throw new RangeError(`smoothing: expected a number in [0, 1), got ${smoothing}`);
  }
  const classes = logits.shape[1];
  return tidy(() => {
    const target = add(mul(oneHot(labels, classes), 1 - smoothing), smoothing / classes);
    return neg(mean(sum(mul(target, logSoftmax(logits)), 1))) as Scalar;
  });
}
