import { add, concat, matMul, mul, reshape, type Tensor4D, tensor3d, tidy } from "@tensorflow/tfjs-core";
import { sliceAxis } from "./padding.ts";

/**
 * Where new pixels lie among the old ones. "half-pixel": pixels are squares, sides meet (PyTorch's
 * `align_corners=False`); "corners": pixels are points, the corner ones meet (`align_corners=True`).
 */
export type BilinearAlignment = "half-pixel" | "corners";

/**
 * Bilinear resize without antialiasing, differentiable twice.
 * As two matrix products: tfjs's own gradient of the half-pixel rule is that of another rule.
 *
 * @param images - [batch, height, width, channels].
 * @param size - [height, width] of the result in pixels.
 * @param alignment - see `BilinearAlignment`.
 * @returns [batch, size[0], size[1], channels], owned by the caller.
 */
export function resizeBilinear(
  images: Tensor4D,
  size: readonly [number, number],
  alignment: BilinearAlignment = "half-pixel",
): Tensor4D {
  const [batch, height, width, channels] = images.shape;
  const [newHeight, newWidth] = size;
  return tidy(() => {
    let result = images as Tensor4D;
    if (newHeight !== height) {
      const rows = matMul(
        bilinearMatrix(height, newHeight, alignment),
        reshape(result, [batch, height, width * channels]),
      );
      result = reshape(rows, [batch, newHeight, width, channels]);
    }
    if (newWidth !== width) {
      const columns = matMul(
        bilinearMatrix(width, newWidth, alignment),
        reshape(result, [batch * newHeight, width, channels]),
      );
      result = reshape(columns, [batch, newHeight, newWidth, channels]);
    }
    return result === images ? images.clone() : result;
  });
}

/**
 * Twice the size by the same rule, with a few passes over the image instead of matrix products: for deep feature maps.
 *
 * @param images - [batch, height, width, channels].
 * @returns [batch, 2 height, 2 width, channels], owned by the caller.
 */
export function upsampleBilinear2x(images: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = images.shape;
  return tidy(() => {
    const [above, below] = halfPixelNeighbours(images, 1);
    const rowShape: [number, number, number] = [batch, height, width * channels];
    const tall = reshape(concat([reshape(above, rowShape), reshape(below, rowShape)], 2), [
      batch,
      2 * height,
      width,
      channels,
    ]) as Tensor4D;
    const [left, right] = halfPixelNeighbours(tall, 2);
    return reshape(concat([left, right], 3), [batch, 2 * height, 2 * width, channels]);
  });
}

/** The two new pixels of each pixel: three quarters of it and one quarter of the neighbour on either side. */
function halfPixelNeighbours(images: Tensor4D, axis: 1 | 2): [Tensor4D, Tensor4D] {
  const size = images.shape[axis];
  const near = mul(images, 0.75) as Tensor4D;
  const far = mul(images, 0.25) as Tensor4D;
  if (size === 1) return [images, images];
  const previous = concat([sliceAxis(far, axis, 0, 1), sliceAxis(far, axis, 0, size - 1)], axis);
  const next = concat([sliceAxis(far, axis, 1, size - 1), sliceAxis(far, axis, size - 1, 1)], axis);
  return [add(near, previous) as Tensor4D, add(near, next) as Tensor4D];
}

/** Weights of the old pixels in each new one: [1, newSize, oldSize]. */
function bilinearMatrix(oldSize: number, newSize: number, alignment: BilinearAlignment) {
  const weights = new Float32Array(newSize * oldSize);
  for (let index = 0; index < newSize; index++) {
    const source =
      alignment === "corners"
        ? newSize === 1
          ? 0
          : (index * (oldSize - 1)) / (newSize - 1)
        : Math.max(0, ((index + 0.5) * oldSize) / newSize - 0.5);
    const low = Math.min(Math.floor(source), oldSize - 1);
    const high = Math.min(low + 1, oldSize - 1);
    const share = source - low;
    weights[index * oldSize + low]! += 1 - share;
    weights[index * oldSize + high]! += share;
  }
  return tensor3d(weights, [1, newSize, oldSize]);
}
