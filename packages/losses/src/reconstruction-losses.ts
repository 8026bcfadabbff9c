import { assertSameShape } from "@divgen/core-tensors";
import { mean, type Scalar, square, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { absoluteValue } from "./absolute-value.ts";

/**
 * Mean absolute difference over all elements, the batch included.
 *
 * @param predicted - any shape; gradient flows to both arguments.
 * @param target - same shape.
 * @returns scalar >= 0, owned by the caller.
 * @throws ShapeError if the shapes differ.
 */
export function l1Loss(predicted: Tensor, target: Tensor): Scalar {
  assertSameShape(predicted, target, "predicted", "target");
  return tidy(() => mean(absoluteValue(sub(predicted, target))) as Scalar);
}

/**
 * Mean squared difference over all elements, the batch included. There is no factor 1/2.
 *
 * @param predicted - any shape; gradient flows to both arguments.
 * @param target - same shape.
 * @returns scalar >= 0, owned by the caller.
 * @throws ShapeError if the shapes differ.
 */
export function l2Loss(predicted: Tensor, target: Tensor): Scalar {
  assertSameShape(predicted, target, "predicted", "target");
  return tidy(() => mean(square(sub(predicted, target))) as Scalar);
}
