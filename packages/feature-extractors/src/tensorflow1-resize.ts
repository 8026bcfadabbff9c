import { matMul, reshape, type Tensor, type Tensor4D, tensor3d, tidy } from "@tensorflow/tfjs-core";

/**
 * Bilinear resize by TensorFlow 1's rule: source = index * (input / output), without half-pixel centres.
 *
 * @returns [batch, size, size, channels], owned by the caller.
 */
export function resizeLikeTensorFlow1(images: Tensor4D, size: number): Tensor4D {
  const [batch, height, width, channels] = images.shape;
  return tidy(() => {
    const rows = matMul(cornerMatrix(height, size), reshape(images, [batch, height, width * channels]) as Tensor);
    const columns = matMul(cornerMatrix(width, size), reshape(rows, [batch * size, width, channels]) as Tensor);
    return reshape(columns, [batch, size, size, channels]) as Tensor4D;
  });
}

function cornerMatrix(input: number, output: number) {
  const weights = new Float32Array(output * input);
  for (let index = 0; index < output; index++) {
    const position = (index * input) / output;
    const low = Math.min(input - 1, Math.floor(position));
    const share = position - low;
    weights[index * input + low]! += 1 - share;
    weights[index * input + Math.min(input - 1, low + 1)]! += share;
  }
  return tensor3d(weights, [1, output, input]);
}
