import { join } from "node:path";
import { asImageBatch, type ImageBatch } from "@divgen/core-tensors";
import { isFolder, openImageFolder, readSquareImage, toImageBatch } from "@divgen/datasets";
import type { PixelImage } from "@divgen/image-files";
import { concat, slice } from "@tensorflow/tfjs-core";
import type { OpenedRun } from "./open-run.ts";

/** Images to find again. */
export interface Originals {
  /** In one batch, owned by the caller. */
  readonly images: ImageBatch;
  /** Class of each, as the generator knows classes; undefined where nobody has told. */
  readonly classIds?: Int32Array | undefined;
  /** Where each was read; absent for training images. */
  readonly files?: readonly string[];
}

/** The first images of a run's clustered subset, with their clusters (true classes for class-conditional networks). */
export async function trainingOriginals({ task, shown, key }: OpenedRun, count: number): Promise<Originals> {
  const parts: ImageBatch[] = [];
  let missing = count;
  for await (const batch of task.subset()) {
    const images = batch as ImageBatch;
    const [size, ...shape] = images.shape;
    const taken = Math.min(size, missing);
    parts.push(asImageBatch(slice(images, [0, 0, 0, 0], [taken, ...shape])));
    images.dispose();
    missing -= taken;
    if (missing === 0) break;
  }
  const images = asImageBatch(concat(parts, 0));
  for (const part of parts) part.dispose();
  return { images, classIds: shown(key).subsetConditions?.slice(0, images.shape[0]) };
}

/**
 * The images of files and folders: the middle square of each, at a run's size.
 *
 * @throws DataError for one that cannot be read, or a folder without images.
 */
export async function fileOriginals(inputs: readonly string[], size: number): Promise<Originals> {
  const files: string[] = [];
  const images: PixelImage[] = [];
  for (const input of inputs) {
    // A path that leads nowhere is read as a file, which says what is wrong.
    if (!(await isFolder(input))) {
      files.push(input);
      images.push(await readSquareImage(input, size));
      continue;
    }
    const folder = await openImageFolder({ path: input, size });
    for (let index = 0; index < folder.size; index++) {
      const { name, image } = await folder.load(index);
      files.push(join(input, name));
      images.push(image);
    }
  }
  return { images: toImageBatch(images), files };
}
