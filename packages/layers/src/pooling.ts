import { ShapeError } from "@divgen/core-tensors";
import {
  AvgPoolGrad,
  avgPool,
  engine,
  maxPool as maxPoolOperation,
  mean,
  mul,
  pad,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor4d,
  tidy,
  zeros,
} from "@tensorflow/tfjs-core";
import { linearOperator } from "./linear-operator.ts";

/** Windows of an average pooling. */
export interface AveragePoolOptions {
  /** Height and width of a window in pixels. */
  readonly size: number;
  readonly stride: number;
  /** Pixels on each side; below `size`. @defaultValue 0 */
  readonly padding?: number;
  /** Whether padded zeros count in the average (PyTorch's default) or windows are cut at the border. */
  readonly countPadding: boolean;
}

/** Windows of a maximum pooling. */
export interface MaxPoolOptions {
  /** Height and width of a window in pixels. */
  readonly size: number;
  readonly stride: number;
  /** Pixels on each side, which never win; below `size`. @defaultValue 0 */
  readonly padding?: number;
  /** true: windows that reach over the end count too (PyTorch's `ceil_mode`, as SqueezeNet has it). @defaultValue false */
  readonly partialWindows?: boolean;
}

/**
 * Mean of each window, differentiable any number of times.
 *
 * @param images - [batch, height, width, channels].
 * @returns [batch, outHeight, outWidth, channels], out = floor((in + 2 padding - size) / stride) + 1; owned by the caller.
 * @throws ShapeError if no window fits.
 */
export function averagePool(
  images: Tensor4D,
  { size, stride, padding = 0, countPadding }: AveragePoolOptions,
): Tensor4D {
  const [, height, width] = images.shape;
  const rows = poolAxis(height, size, stride, padding, false);
  const columns = poolAxis(width, size, stride, padding, false);
  return tidy(() => {
    const padded = padWith(images, rows, columns, 0);
    const { shape } = padded;
    const pool = linearOperator(
      (x) => avgPool(x, size, stride, "valid"),
      (dy) => averagePoolAdjoint(dy, shape, size, stride),
    );
    const averages = pool(padded);
    if (countPadding || padding === 0) return averages;
    const factors = Float32Array.from(
      { length: rows.output * columns.output },
      (_, index) =>
        size ** 2 /
        (covered(Math.floor(index / columns.output), height, size, stride, padding) *
          covered(index % columns.output, width, size, stride, padding)),
    );
    return mul(averages, tensor4d(factors, [1, rows.output, columns.output, 1]));
  });
}

/**
 * Greatest value of each window. Differentiable once only: not for discriminators under a gradient penalty.
 *
 * @param images - [batch, height, width, channels].
 * @returns [batch, outHeight, outWidth, channels], owned by the caller.
 * @throws ShapeError if no window fits.
 */
export function maxPool(
  images: Tensor4D,
  { size, stride, padding = 0, partialWindows = false }: MaxPoolOptions,
): Tensor4D {
  const [, height, width] = images.shape;
  const rows = poolAxis(height, size, stride, padding, partialWindows);
  const columns = poolAxis(width, size, stride, padding, partialWindows);
  return tidy(() => maxPoolOperation(padWith(images, rows, columns, LOWEST), size, stride, "valid"));
}

/**
 * Mean over all positions, differentiable twice.
 *
 * @param images - [batch, height, width, channels].
 * @returns [batch, channels], owned by the caller.
 */
export function globalAveragePool(images: Tensor4D): Tensor2D {
  return mean(images, [1, 2]);
}

const LOWEST = -3.4028234663852886e38;

/** Windows along one axis. */
interface PoolAxis {
  readonly output: number;
  readonly before: number;
  readonly after: number;
}

function poolAxis(input: number, size: number, stride: number, padding: number, partial: boolean): PoolAxis {
  const steps = (input + 2 * padding - size) / stride;
  let output = (partial ? Math.ceil(steps) : Math.floor(steps)) + 1;
  // A window that would begin beyond the image does not count.
  if (partial && (output - 1) * stride >= input + padding) output -= 1;
  if (input + 2 * padding < size || padding >= size) {
    throw new ShapeError(`images: expected room for windows of ${size} with padding ${padding}, got ${input} pixels`);
  }
  return { output, before: padding, after: Math.max(0, (output - 1) * stride + size - input - padding) };
}

/** How many pixels of a window lie in the image. */
function covered(index: number, input: number, size: number, stride: number, padding: number): number {
  const begin = index * stride - padding;
  return Math.min(begin + size, input) - Math.max(begin, 0);
}

function padWith(images: Tensor4D, rows: PoolAxis, columns: PoolAxis, value: number): Tensor4D {
  if (rows.before + rows.after + columns.before + columns.after === 0) return images;
  const paddings: [number, number][] = [
    [0, 0],
    [rows.before, rows.after],
    [columns.before, columns.after],
    [0, 0],
  ];
  return pad(images, paddings, value);
}

/** What tfjs's first derivative runs; it reads the shape of `input` only. */
function averagePoolAdjoint(dy: Tensor4D, shape: number[], size: number, stride: number): Tensor4D {
  const inputs = { dy, input: zeros(shape) as Tensor };
  const attributes = { filterSize: [size, size], strides: [stride, stride], pad: "valid" };
  return engine().runKernel(AvgPoolGrad, inputs, attributes) as Tensor4D;
}
