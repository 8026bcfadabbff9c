import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DataError, fromUint8, type ImageBatch } from "@divgen/core-tensors";
import { readImage } from "@divgen/image-files";
import { bernoulli, integers, permutation, type RandomKey } from "@divgen/random";

/** Side of a CIFAR picture in pixels. */
export const pictureSize = 32;
const BYTES = pictureSize * pictureSize * 3;
/** Farthest shift of a picture, with its edge mirrored, in pixels. */
const LARGEST_SHIFT = 4;

/** Decoded pictures with their class numbers. */
export interface LabeledPictures {
  readonly classNames: readonly string[];
  /** [count, 32, 32, 3]. */
  readonly pixels: Uint8Array;
  readonly labels: Int32Array;
}

/** Decodes `FOLDER/CLASS/*.jpg`, classes and files in the order of their names. */
export async function loadPictures(folder: string, imagesPerClass: number): Promise<LabeledPictures> {
  const classNames = (await readdir(folder)).sort();
  const files: { readonly path: string; readonly label: number }[] = [];
  for (const [label, name] of classNames.entries()) {
    const names = (await readdir(join(folder, name))).sort().slice(0, imagesPerClass);
    for (const file of names) files.push({ path: join(folder, name, file), label });
  }
  const pixels = new Uint8Array(files.length * BYTES);
  const waiting = files.entries();
  const decodeNext = async (): Promise<void> => {
    for (const [index, { path }] of waiting) {
      const image = await readImage(path);
      if (image.width !== pictureSize || image.height !== pictureSize) {
        throw new DataError(`${path}: expected 32 x 32 pixels, got ${image.width} x ${image.height}`);
      }
      pixels.set(image.pixels, index * BYTES);
    }
  };
  await Promise.all(Array.from({ length: 8 }, decodeNext));
  return { classNames, pixels, labels: Int32Array.from(files, ({ label }) => label) };
}

/** The pictures `indices` as they are. Owned by the caller. */
export function plainBatch(pictures: LabeledPictures, indices: ArrayLike<number>): ImageBatch {
  const bytes = new Uint8Array(indices.length * BYTES);
  for (let row = 0; row < indices.length; row++) {
    const start = indices[row]! * BYTES;
    bytes.set(pictures.pixels.subarray(start, start + BYTES), row * BYTES);
  }
  return fromUint8(bytes, { batch: indices.length, height: pictureSize, width: pictureSize, channels: 3 });
}

/**
 * The pictures `indices`, each mirrored with probability 1/2 and shifted by up to 4 pixels with mirrored edges. Colours
 * stay as they are: what tells styles apart must not be trained away. Owned by the caller.
 */
export function augmentedBatch(pictures: LabeledPictures, indices: ArrayLike<number>, key: RandomKey): ImageBatch {
  const count = indices.length;
  const flips = bernoulli(key.split("flip"), count, 0.5);
  const rowShifts = integers(key.split("rows"), count, -LARGEST_SHIFT, LARGEST_SHIFT + 1);
  const columnShifts = integers(key.split("columns"), count, -LARGEST_SHIFT, LARGEST_SHIFT + 1);
  const bytes = new Uint8Array(count * BYTES);
  let target = 0;
  for (let item = 0; item < count; item++) {
    const start = indices[item]! * BYTES;
    for (let row = 0; row < pictureSize; row++) {
      const sourceRow = start + mirrored(row + rowShifts[item]!) * pictureSize * 3;
      for (let column = 0; column < pictureSize; column++) {
        const shifted = mirrored(column + columnShifts[item]!);
        const source = sourceRow + (flips[item] === 1 ? pictureSize - 1 - shifted : shifted) * 3;
        bytes[target++] = pictures.pixels[source]!;
        bytes[target++] = pictures.pixels[source + 1]!;
        bytes[target++] = pictures.pixels[source + 2]!;
      }
    }
  }
  return fromUint8(bytes, { batch: count, height: pictureSize, width: pictureSize, channels: 3 });
}

/** A coordinate beyond the edge, reflected back inside (the edge pixel itself is not repeated). */
function mirrored(position: number): number {
  if (position < 0) return -position;
  return position < pictureSize ? position : 2 * (pictureSize - 1) - position;
}

/** The order of the pictures in an epoch; equal for equal keys. */
export function epochOrder(pictures: LabeledPictures, key: RandomKey, epoch: number): Int32Array {
  return permutation(key.split("order").fold(epoch), pictures.labels.length);
}
