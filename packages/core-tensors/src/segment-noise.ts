import { type RandomKey, uniform } from "@divgen/random";
import { matMul, reshape, type Tensor2D, type Tensor4D, tensor2d, tensor4d, tidy } from "@tensorflow/tfjs-core";
import type { ImageBatch } from "./image-batch.ts";
import type { Latents } from "./latents.ts";
import { assertShape, ShapeError } from "./shape-error.ts";

/** A semantic layout, as generators from layouts see it. */
export interface LayoutCondition {
  /** The layout in its palette's colours, [batch, height, width, 3]. */
  readonly input: ImageBatch;
  /** The same as one-hot classes, [batch, height, width, class]; a pixel of no class is zero in all of them. */
  readonly labels: Tensor4D;
}

/** Size of a batch of label maps in pixels. */
export interface LabelMapShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

/** The value of pixels that belong to no class, as label files have it. */
const IGNORED = 255;

/**
 * One-hot codes of label maps.
 *
 * @param classIndices - batch * height * width integers: a class in [0, classCount), or 255 for a pixel of none.
 * @returns [batch, height, width, classCount] of zeros and ones, owned by the caller.
 * @throws RangeError naming the first index outside the palette and its place; ShapeError for a wrong number of pixels.
 */
export function oneHotLabels(
  classIndices: ArrayLike<number>,
  { batch, height, width }: LabelMapShape,
  classCount: number,
): Tensor4D {
  if (!Number.isInteger(classCount) || classCount < 1) {
    throw new ShapeError(`classCount: expected a positive integer, got ${classCount}`);
  }
  const pixels = batch * height * width;
  if (classIndices.length !== pixels) {
    throw new ShapeError(
      `labels: expected ${pixels} pixels for [${batch}, ${height}, ${width}], got ${classIndices.length}`,
    );
  }
  const values = new Float32Array(pixels * classCount);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const index = classIndices[pixel]!;
    if (index === IGNORED) continue;
    if (!Number.isInteger(index) || index < 0 || index >= classCount) {
      const inMap = pixel % (height * width);
      throw new RangeError(
        `labels: expected classes in [0, ${classCount}) or ${IGNORED} for none, got ${index} in map ${Math.floor(pixel / (height * width))} at column ${inMap % width}, row ${Math.floor(inMap / width)}`,
      );
    }
    values[pixel * classCount + index] = 1;
  }
  return tensor4d(values, [batch, height, width, classCount], "float32");
}

/**
 * One number a class, uniform in [-1, 1].
 *
 * @returns [batch, classCount], owned by the caller.
 */
export function drawSegmentNoise(key: RandomKey, batch: number, classCount: number): Latents {
  return tensor2d(uniform(key, batch * classCount, { minimum: -1 }), [batch, classCount], "float32");
}

/**
 * The noise channel: n^c on the pixels of class c, 0 on pixels of no class.
 *
 * @param labels - one-hot, [batch, height, width, class], borrowed.
 * @param noise - [batch, class], borrowed.
 * @returns [batch, height, width, 1], owned by the caller.
 * @throws ShapeError if the shapes do not agree.
 * @see Yang et al., "On the Diversity of Realistic Image Synthesis", 2017, section IV.A.
 */
export function paintSegmentNoise(labels: Tensor4D, noise: Tensor2D): Tensor4D {
  assertShape(labels, ["batch", "height", "width", "class"], "labels");
  const [batch, height, width, classCount] = labels.shape;
  assertShape(noise, [batch, classCount], "noise");
  return tidy(() => {
    const pixels = reshape(labels, [batch, height * width, classCount]);
    return reshape(matMul(pixels, reshape(noise, [batch, classCount, 1])), [batch, height, width, 1]) as Tensor4D;
  });
}
