import type { Tensor } from "@tensorflow/tfjs-core";

/** An argument whose shape is not what the function needs. The message names the argument, both shapes, and no stack trick. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** One expected dimension: a number that must match, or a name (such as "batch") that stands for any size. */
export type ExpectedDimension = number | string;

/**
 * Checks a tensor's shape.
 *
 *     assertShape(images, ["batch", 64, 64, 3], "images");
 *     // ShapeError: images: expected [batch, 64, 64, 3], got [16, 28, 28, 1]
 *
 * A name that stands twice must have the same size in both places.
 *
 * @throws ShapeError naming the argument, the expected and the received shape.
 */
export function assertShape(tensor: Tensor, expected: readonly ExpectedDimension[], name: string): void {
  const received = tensor.shape;
  const sizes = new Map<string, number>();
  const matches =
    received.length === expected.length &&
    expected.every((dimension, axis) => {
      const size = received[axis]!;
      if (typeof dimension === "number") return dimension === size;
      const known = sizes.get(dimension);
      sizes.set(dimension, size);
      return known === undefined || known === size;
    });
  if (!matches) {
    throw new ShapeError(`${name}: expected [${expected.join(", ")}], got [${received.join(", ")}]`);
  }
}

/**
 * Checks that two tensors have one shape: broadcasting hides mistakes in losses.
 *
 * @throws ShapeError naming both arguments and both shapes.
 */
export function assertSameShape(first: Tensor, second: Tensor, firstName: string, secondName: string): void {
  const same =
    first.shape.length === second.shape.length && first.shape.every((size, axis) => size === second.shape[axis]);
  if (!same) {
    throw new ShapeError(
      `${secondName}: expected the shape of ${firstName}, [${first.shape.join(", ")}], got [${second.shape.join(", ")}]`,
    );
  }
}
