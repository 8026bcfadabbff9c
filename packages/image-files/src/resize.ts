import { ShapeError } from "@divgen/core-tensors";
import type { PixelImage } from "./pixel-image.ts";
import { type ResampleFilter, resampleWeights, type WeightTable } from "./resample-weights.ts";

/** Target size in pixels. */
export interface TargetSize {
  readonly width: number;
  readonly height: number;
}

/** One image in float32, channels last; any value range. What metrics resize when they want no rounding in between. */
export interface FloatImage {
  readonly values: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Fixed point of Pillow's uint8 resampler: a rounded weight has 22 fractional bits. */
const PRECISION_BITS = 22;

/**
 * Resizes an image of bytes as Pillow does in its 8-bit modes: antialiased when shrinking, bytes between the two passes,
 * 22-bit fixed-point weights. Bit-equal to `PIL.Image.resize` of Pillow 13 for modes L and RGB (older versions always
 * take the horizontal pass first, which may differ by a grey level when one axis grows while the other shrinks).
 *
 * @returns a copy, also when the size does not change.
 * @throws ShapeError if a target size is not a positive integer.
 */
export function resizeImage(image: PixelImage, size: TargetSize, filter: ResampleFilter): PixelImage {
  const { width, height, channels } = image;
  const pixels = resizeAxes(image.pixels, image, size, {
    columns: (pixels, rows) => resampleRows(pixels, width, rows, channels, resampleWeights(width, size.width, filter)),
    rows: (pixels, columns) =>
      resampleColumns(pixels, columns * channels, resampleWeights(height, size.height, filter)),
  });
  return { pixels, width: size.width, height: size.height, channels };
}

/**
 * Resizes an image of floats as Pillow does in mode F, each channel by itself: antialiased when shrinking, float64 sums,
 * float32 between the passes and in the result.
 *
 * @returns a copy, also when the size does not change.
 * @throws ShapeError if a target size is not a positive integer.
 */
export function resizeFloatImage(image: FloatImage, size: TargetSize, filter: ResampleFilter): FloatImage {
  const { width, height, channels } = image;
  const values = resizeAxes(image.values, image, size, {
    columns: (values, rows) =>
      resampleFloatRows(values, width, rows, channels, resampleWeights(width, size.width, filter)),
    rows: (values, columns) =>
      resampleFloatColumns(values, columns * channels, resampleWeights(height, size.height, filter)),
  });
  return { values, width: size.width, height: size.height, channels };
}

/** The two passes of a resize: over columns, given the present number of rows, and over rows. */
interface Passes<Values> {
  columns(values: Values, rowCount: number): Values;
  rows(values: Values, columnCount: number): Values;
}

/** Runs the passes that are needed, in Pillow's order: rows first only when they shrink while the columns grow. */
function resizeAxes<Values extends Uint8Array | Float32Array>(
  values: Values,
  from: TargetSize,
  to: TargetSize,
  passes: Passes<Values>,
): Values {
  if (![to.width, to.height].every((size) => Number.isInteger(size) && size >= 1)) {
    throw new ShapeError(`resize: expected a target of positive integers, got ${to.width} x ${to.height}`);
  }
  if (to.width > from.width && to.height < from.height) {
    return passes.columns(passes.rows(values, from.width), to.height);
  }
  const columnsDone = to.width === from.width ? values : passes.columns(values, from.height);
  if (to.height !== from.height) return passes.rows(columnsDone, to.width);
  return columnsDone === values ? (values.slice() as Values) : columnsDone;
}

function resampleFloatRows(
  source: Float32Array,
  sourceWidth: number,
  height: number,
  channels: number,
  { starts, counts, weights, stride }: WeightTable,
): Float32Array {
  const width = starts.length;
  const target = new Float32Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        let from = (row * sourceWidth + starts[column]!) * channels + channel;
        for (let tap = 0; tap < counts[column]!; tap++, from += channels) {
          sum += source[from]! * weights[column * stride + tap]!;
        }
        target[(row * width + column) * channels + channel] = sum;
      }
    }
  }
  return target;
}

function resampleFloatColumns(
  source: Float32Array,
  rowLength: number,
  { starts, counts, weights, stride }: WeightTable,
): Float32Array {
  const target = new Float32Array(rowLength * starts.length);
  for (let row = 0; row < starts.length; row++) {
    for (let position = 0; position < rowLength; position++) {
      let sum = 0;
      let from = starts[row]! * rowLength + position;
      for (let tap = 0; tap < counts[row]!; tap++, from += rowLength) {
        sum += source[from]! * weights[row * stride + tap]!;
      }
      target[row * rowLength + position] = sum;
    }
  }
  return target;
}

function resampleRows(
  source: Uint8Array,
  sourceWidth: number,
  height: number,
  channels: number,
  table: WeightTable,
): Uint8Array {
  const { starts, counts, stride } = table;
  const fixed = fixedPoint(table);
  const width = starts.length;
  const target = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const first = (row * sourceWidth + starts[column]!) * channels;
      const weightStart = column * stride;
      const count = counts[column]!;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 1 << (PRECISION_BITS - 1);
        let from = first + channel;
        for (let tap = 0; tap < count; tap++, from += channels) sum += source[from]! * fixed[weightStart + tap]!;
        target[(row * width + column) * channels + channel] = clampByte(sum >> PRECISION_BITS);
      }
    }
  }
  return target;
}

function resampleColumns(source: Uint8Array, rowLength: number, table: WeightTable): Uint8Array {
  const { starts, counts, stride } = table;
  const fixed = fixedPoint(table);
  const target = new Uint8Array(rowLength * starts.length);
  for (let row = 0; row < starts.length; row++) {
    const first = starts[row]! * rowLength;
    const weightStart = row * stride;
    const count = counts[row]!;
    for (let position = 0; position < rowLength; position++) {
      let sum = 1 << (PRECISION_BITS - 1);
      let from = first + position;
      for (let tap = 0; tap < count; tap++, from += rowLength) sum += source[from]! * fixed[weightStart + tap]!;
      target[row * rowLength + position] = clampByte(sum >> PRECISION_BITS);
    }
  }
  return target;
}

/** Weights rounded half away from zero, as C's truncation of 0.5 + weight does it. */
function fixedPoint({ weights }: WeightTable): Int32Array {
  return Int32Array.from(weights, (weight) => {
    const scaled = weight * (1 << PRECISION_BITS);
    return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  });
}

function clampByte(value: number): number {
  return Math.max(0, Math.min(255, value));
}
