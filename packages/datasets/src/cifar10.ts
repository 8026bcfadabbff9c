import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError, type Dataset } from "@divgen/core-tensors";
import { assertIndex } from "./dataset-tools.ts";
import { type ImageFolderDataset, openImageFolder } from "./image-folder.ts";
import type { LabelledImage } from "./labelled-image.ts";
import { isFolder } from "./list-images.ts";

/** Names of the classes by id, as CIFAR-10 numbers them (which is also their alphabetical order). */
export const cifar10ClassNames: readonly string[] = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
];

const SIDE = 32;
const PLANE = SIDE * SIDE;
const RECORD = 1 + 3 * PLANE;

/** CIFAR images with classes. */
export interface Cifar10Images {
  readonly count: number;
  /** count * 32 * 32 * 3 values, channels last. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * Parses the binary form of CIFAR-10: records of one label and three planes of 32 x 32 (red, green, blue).
 *
 * @throws RangeError if the bytes are no whole number of records, or a label is not 0 .. 9.
 */
export function parseCifar10Binary(bytes: Uint8Array): Cifar10Images {
  if (bytes.length === 0 || bytes.length % RECORD !== 0) {
    throw new RangeError(`expected a multiple of ${RECORD} bytes (one label, 3 x 32 x 32 values), got ${bytes.length}`);
  }
  const count = bytes.length / RECORD;
  const pixels = new Uint8Array(count * 3 * PLANE);
  const labels = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const start = index * RECORD;
    labels[index] = bytes[start]!;
    if (labels[index]! > 9)
      throw new RangeError(`expected labels from 0 to 9, got ${labels[index]} in record ${index}`);
    for (let channel = 0; channel < 3; channel++) {
      const plane = start + 1 + channel * PLANE;
      for (let place = 0; place < PLANE; place++) {
        pixels[(index * PLANE + place) * 3 + channel] = bytes[plane + place]!;
      }
    }
  }
  return { count, pixels, labels };
}

/** CIFAR-10 with class ids at hand. */
export interface Cifar10Dataset extends Dataset<LabelledImage> {
  readonly classNames: readonly string[];
  readonly classIds: Int32Array;
}

const BINARY_FILES = {
  train: ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
  test: ["test_batch.bin"],
} as const;

/**
 * Opens CIFAR-10: the binary files of `cifar-10-batches-bin`, or image files in `SPLIT/CLASS/`.
 *
 * @throws DataError if neither is there, a file is damaged, or the class folders are not the ten.
 */
export async function openCifar10(path: string, split: "train" | "test"): Promise<Cifar10Dataset> {
  const images = join(path, split);
  if (await isFolder(images)) return withCifarClasses(await openImageFolder({ path: images }), images, split);
  const parts: Cifar10Images[] = [];
  for (const file of BINARY_FILES[split]) {
    const full = join(path, file);
    try {
      parts.push(parseCifar10Binary(await readFile(full)));
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      const reason = missing ? `there is none, and no folder ${images} with images either` : (error as Error).message;
      throw new DataError(`${full}: expected a binary file of CIFAR-10, but ${reason}.`, { cause: error });
    }
  }
  const classIds = Int32Array.from(parts.flatMap(({ labels }) => [...labels]));
  const pixels = Buffer.concat(parts.map((part) => part.pixels));
  return {
    name: `cifar10 ${split}`,
    size: classIds.length,
    classNames: cifar10ClassNames,
    classIds,
    load: async (index) => {
      assertIndex(index, classIds.length);
      const own = new Uint8Array(pixels.subarray(index * 3 * PLANE, (index + 1) * 3 * PLANE));
      return {
        name: String(index),
        image: { pixels: own, width: SIDE, height: SIDE, channels: 3 },
        classId: classIds[index]!,
      };
    },
  };
}

function withCifarClasses(dataset: ImageFolderDataset, path: string, split: string): Cifar10Dataset {
  if (dataset.classNames.join() !== cifar10ClassNames.join()) {
    throw new DataError(
      `${path}: expected the folders ${cifar10ClassNames.join(", ")}, got ${dataset.classNames.join(", ")}.`,
    );
  }
  return { ...dataset, name: `cifar10 ${split} (image files)` };
}
