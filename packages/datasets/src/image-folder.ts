import { join } from "node:path";
import { DataError, type Dataset } from "@divgen/core-tensors";
import { cropImage, type PixelImage, type ResampleFilter, readImage, resizeImage } from "@divgen/image-files";
import { assertIndex } from "./dataset-tools.ts";
import type { LabelledImage } from "./labelled-image.ts";
import { listFolder, stem } from "./list-images.ts";

/** Which images and at which size. */
export interface ImageFolderOptions {
  readonly path: string;
  /** Side in pixels: the middle square of each image, resized. Without it images stay as they are. */
  readonly size?: number;
  /** @defaultValue "lanczos" */
  readonly filter?: ResampleFilter;
}

/** Images with classes. */
export interface ImageFolderDataset extends Dataset<LabelledImage> {
  /** By class id; the one name "" for a flat folder. */
  readonly classNames: readonly string[];
  /** Class id of each image, without loading it. */
  readonly classIds: Int32Array;
}

/**
 * Opens a folder of images: one folder a class (classes in natural order of their names), or all images in the folder
 * itself (one class). Files are read when loaded.
 *
 * @throws DataError now for a missing folder or one without images; on `load` for an unreadable file.
 */
export async function openImageFolder({
  path,
  size,
  filter = "lanczos",
}: ImageFolderOptions): Promise<ImageFolderDataset> {
  if (size !== undefined && (!Number.isInteger(size) || size < 1)) {
    throw new RangeError(`size: expected an integer >= 1, got ${size}`);
  }
  const { images, folders } = await listFolder(path, "a folder of images");
  if (images.length > 0 && folders.length > 0) {
    throw new DataError(
      `${path}: expected either images or one folder a class, got ${images.length} images beside the folders ${folders.join(", ")}. Move one or the other.`,
    );
  }
  const classNames: string[] = [];
  const files: { readonly path: string; readonly name: string; readonly classId: number }[] = [];
  if (folders.length === 0) {
    classNames.push("");
    for (const image of images) files.push({ path: join(path, image), name: stem(image), classId: 0 });
  }
  for (const folder of folders) {
    const listing = await listFolder(join(path, folder), "a folder of images of one class");
    if (listing.images.length === 0)
      throw new DataError(`${join(path, folder)}: expected images of a class, got none.`);
    const classId = classNames.push(folder) - 1;
    for (const image of listing.images) {
      files.push({ path: join(path, folder, image), name: `${folder}/${stem(image)}`, classId });
    }
  }
  if (files.length === 0) throw new DataError(`${path}: expected images or one folder a class, got none of either.`);
  return {
    name: `image-folder ${path}`,
    size: files.length,
    classNames,
    classIds: Int32Array.from(files, ({ classId }) => classId),
    load: async (index) => {
      assertIndex(index, files.length);
      const file = files[index]!;
      return {
        name: file.name,
        image: size === undefined ? await readImage(file.path) : await readSquareImage(file.path, size, filter),
        classId: file.classId,
      };
    },
  };
}

/**
 * The middle square of an image file, resized, as `openImageFolder` reads it.
 *
 * @param size - side in pixels.
 * @throws DataError for a file that is missing or cannot be read.
 */
export async function readSquareImage(
  path: string,
  size: number,
  filter: ResampleFilter = "lanczos",
): Promise<PixelImage> {
  return fitSquare(await readImage(path), size, filter);
}

/** The largest square in the middle, resized. */
function fitSquare(image: PixelImage, size: number, filter: ResampleFilter): PixelImage {
  const side = Math.min(image.width, image.height);
  const left = Math.floor((image.width - side) / 2);
  const top = Math.floor((image.height - side) / 2);
  const square =
    side === image.width && side === image.height ? image : cropImage(image, { left, top, width: side, height: side });
  return side === size ? square : resizeImage(square, { width: size, height: size }, filter);
}
