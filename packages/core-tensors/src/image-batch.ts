import { type Tensor4D, tensor4d } from "@tensorflow/tfjs-core";
import { ShapeError } from "./shape-error.ts";

declare const imageBatchBrand: unique symbol;

/**
 * Images: float32, [batch, height, width, channels], values in [-1, 1]. Made only by the constructors of this file
 * and by networks (through `asImageBatch`), so that a value range is never guessed.
 */
export type ImageBatch = Tensor4D & { readonly [imageBatchBrand]: true };

/** Size of a batch of images in pixels. */
export interface ImageBatchShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * Images from bytes: value / 127.5 - 1.
 *
 * @param bytes - batch * height * width * channels values, channels last.
 * @returns owned by the caller.
 * @throws ShapeError if the number of bytes does not fit the shape.
 */
export function fromUint8(bytes: Uint8Array | Uint8ClampedArray, shape: ImageBatchShape): ImageBatch {
  const dimensions = dimensionsFor(bytes.length, shape);
  return asImageBatch(
    tensor4d(
      Float32Array.from(bytes, (value) => value / 127.5 - 1),
      dimensions,
      "float32",
    ),
  );
}

/**
 * Images from values in [0, 1]: 2 * value - 1.
 *
 * @returns owned by the caller.
 * @throws ShapeError if the number of values does not fit the shape.
 */
export function fromUnitRange(values: Float32Array, shape: ImageBatchShape): ImageBatch {
  const dimensions = dimensionsFor(values.length, shape);
  return asImageBatch(
    tensor4d(
      values.map((value) => 2 * value - 1),
      dimensions,
      "float32",
    ),
  );
}

/**
 * Images from values that are in [-1, 1] already.
 *
 * @returns owned by the caller.
 * @throws ShapeError if the number of values does not fit the shape.
 */
export function fromSignedRange(values: Float32Array, shape: ImageBatchShape): ImageBatch {
  return asImageBatch(tensor4d(values, dimensionsFor(values.length, shape), "float32"));
}

/**
 * Declares a tensor to be images, without a copy: for the output of a tanh and for slices of image batches.
 *
 * @throws ShapeError if it is not a float32 tensor of rank 4.
 */
export function asImageBatch(tensor: Tensor4D): ImageBatch {
  if (tensor.rank !== 4 || tensor.dtype !== "float32") {
    throw new ShapeError(
      `images: expected float32 [batch, height, width, channels], got ${tensor.dtype} [${tensor.shape.join(", ")}]`,
    );
  }
  return tensor as ImageBatch;
}

/**
 * Bytes of images: (value + 1) * 127.5, clamped to [0, 255] and rounded to nearest; NaN becomes 0.
 *
 * Deviation: MSGAN truncates, which darkens by half a grey level and does not invert `fromUint8`.
 *
 * @param images - borrowed.
 */
export async function toUint8(images: ImageBatch): Promise<Uint8ClampedArray> {
  const values = await images.data();
  // Uint8ClampedArray clamps and rounds (ties to even).
  return Uint8ClampedArray.from(values, (value) => (value + 1) * 127.5);
}

function dimensionsFor(length: number, shape: ImageBatchShape): [number, number, number, number] {
  const { batch, height, width, channels } = shape;
  if (length !== batch * height * width * channels) {
    throw new ShapeError(
      `images: expected ${batch * height * width * channels} values for [${batch}, ${height}, ${width}, ${channels}], got ${length}`,
    );
  }
  return [batch, height, width, channels];
}
