import { DataError } from "@divgen/core-tensors";
import { toRgb } from "@divgen/image-files";
import type { WeightTensor } from "@divgen/weight-files";
import type { ImageSamples } from "./sample-set.ts";

/** Whether an array is images: uint8, [n, height, width] (grey) or [n, height, width, channels]. */
export function isImageArray({ dtype, shape }: WeightTensor): boolean {
  return dtype === "U8" && (shape.length === 3 || shape.length === 4);
}

/**
 * Images of an array.
 *
 * @throws DataError if there is none, or the last axis is not 1 or 3 channels.
 */
export function imageArray(path: string, array: WeightTensor, sha256: string): ImageSamples {
  const [count, height, width, channels = 1] = array.shape as [number, number, number, number?];
  const pixels = array.values as Uint8Array;
  if (pixels.length === 0)
    throw new DataError(`${path}: expected images, got an array of shape [${array.shape.join(", ")}].`);
  if (channels !== 1 && channels !== 3) {
    const hint = height === 3 || height === 1 ? " Move the channels to the last axis." : "";
    throw new DataError(`${path}: expected 1 or 3 channels in the last axis, got [${array.shape.join(", ")}].${hint}`);
  }
  const size = height * width * channels;
  return {
    kind: "images",
    path,
    count,
    groupNames: [""],
    groups: new Int32Array(count),
    nameOf: (index) => `image ${index}`,
    load: async (index) =>
      toRgb({ pixels: pixels.subarray(index * size, (index + 1) * size), width, height, channels }),
    contentHash: async () => sha256,
  };
}
