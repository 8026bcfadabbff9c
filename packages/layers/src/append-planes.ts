import { concat, reshape, sum, type Tensor2D, type Tensor4D, tidy, tile } from "@tensorflow/tfjs-core";
import { linearOperator } from "./linear-operator.ts";

/**
 * Appends numbers of each image to its channels, repeated at every pixel: how latents, classes and clusters enter a
 * convolutional network. Differentiable any number of times.
 *
 * The gradient of the numbers is one sum over pixels. That of tfjs's `tile` is a slice and an addition for every pixel.
 *
 * @param images - [batch, height, width, channels].
 * @param rows - [batch, numbers].
 * @returns [batch, height, width, channels + numbers]; owned by the caller.
 */
export function appendPlanes(images: Tensor4D, rows: Tensor2D): Tensor4D {
  const [, height, width] = images.shape;
  const [batch, numbers] = rows.shape;
  return tidy(() => {
    const spread = linearOperator(
      (x) => tile(x, [1, height, width, 1]),
      (gradient) => reshape(sum(reshape(gradient, [batch, height * width, numbers]), 1), [batch, 1, 1, numbers]),
    );
    return concat([images, spread(reshape(rows, [batch, 1, 1, numbers]))], 3);
  });
}
