import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { DataError, ShapeError } from "@divgen/core-tensors";
import sharp from "sharp";
import { type PixelImage, type PixelShape, pixelImage } from "./pixel-image.ts";

/**
 * A PNG of bytes, lossless, 8 bits a channel, without metadata: equal pixels give equal files.
 *
 * @param shape - 1 (grey), 3 (RGB) or 4 (RGBA) channels.
 * @throws ShapeError if the bytes do not fit the shape.
 */
export async function encodePng(pixels: Uint8Array, shape: PixelShape): Promise<Uint8Array> {
  const { width, height, channels } = pixelImage(pixels, shape);
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new ShapeError(`image: expected 1, 3 or 4 channels for a PNG, got ${channels}`);
  }
  const png = sharp(pixels, { raw: { width, height, channels } });
  return (channels === 1 ? png.toColourspace("b-w") : png).png({ compressionLevel: 9, palette: false }).toBuffer();
}

/**
 * Writes a PNG file as a whole: a reader finds the old file or the new one, never a part. Makes missing folders.
 *
 * @throws DataError naming the file and the reason (disk full, read-only, no permission); the old file is still there.
 */
export async function writePng(path: string, image: PixelImage): Promise<void> {
  await replaceFile(path, await encodePng(image.pixels, image));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full. Free some space",
  EDQUOT: "the disk quota is used up. Free some space",
  EROFS: "the file system is read-only. Choose another folder",
  EACCES: "permission is denied. Choose another folder or change its rights",
  EPERM: "the operation is not permitted. Choose another folder or change its rights",
  ENOTDIR: "a part of the path is a file. Choose another folder",
  EEXIST: "a part of the path is a file. Choose another folder",
  EISDIR: "it is a folder. Choose another name",
};

async function replaceFile(path: string, data: Uint8Array): Promise<void> {
  const temporary = `${path}.writing-${process.pid}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, data);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const code = (error as NodeJS.ErrnoException).code ?? "";
    throw new DataError(`${path}: cannot be written: ${REASONS[code] ?? (error as Error).message} (${code}).`, {
      cause: error,
    });
  }
}
