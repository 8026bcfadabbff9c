import { matMul, reshape, type Tensor3D, type Tensor4D, tensor3d, tidy } from "@tensorflow/tfjs-core";

/**
 * Means over a grid of windows that cover the map: cell i of n pixels runs from floor(i n / grid) to ceil((i + 1) n / grid),
 * so neighbours may share a row (PyTorch's `adaptive_avg_pool2d`).
 *
 * @param map - [batch, height, width, channels]; may be smaller than the grid.
 * @returns [batch, grid, grid, channels], owned by the caller.
 */
export function adaptiveAveragePool(map: Tensor4D, grid: number): Tensor4D {
  const [batch, height, width, channels] = map.shape;
  return tidy(() => {
    const rows = matMul(windowWeights(height, grid), reshape(map, [batch, height, width * channels]));
    const columns = matMul(windowWeights(width, grid), reshape(rows, [batch * grid, width, channels]));
    return reshape(columns, [batch, grid, grid, channels]);
  });
}

/** Weights of the pixels in each cell: [1, grid, size]. */
function windowWeights(size: number, grid: number): Tensor3D {
  const weights = new Float32Array(grid * size);
  for (let cell = 0; cell < grid; cell++) {
    const start = Math.floor((cell * size) / grid);
    const end = Math.ceil(((cell + 1) * size) / grid);
    weights.fill(1 / (end - start), cell * size + start, cell * size + end);
  }
  return tensor3d(weights, [1, grid, size]);
}
