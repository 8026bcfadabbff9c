import { open, readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { DataError } from "@divgen/core-tensors";
import sharp from "sharp";
import { bitmapSize, decodeBitmap, isBitmap } from "./bitmap.ts";
import type { PixelImage } from "./pixel-image.ts";

/** File name endings of the images that `readImage` decodes, in lower case. */
export const imageExtensions: readonly string[] = [
  ".png",
  ".jpg",
  ".jpeg",
  ".webp",
  ".bmp",
  ".tif",
  ".tiff",
  ".gif",
  ".avif",
];

/** Endings of photographs that `readImage` cannot decode, in lower case: a folder that holds some is not measured without them in silence. */
export const undecodedExtensions: readonly string[] = [".heic", ".heif", ".jxl"];

/**
 * Decodes an image file to RGB bytes: PNG, JPEG, WebP, TIFF, GIF (first frame), AVIF, uncompressed BMP.
 *
 * Grey becomes RGB, palettes are looked up, 16 bits are reduced to 8, transparent pixels are laid over white, an
 * orientation tag is applied and an embedded colour profile is converted to sRGB. Nothing is resized.
 *
 * @throws DataError naming the file if it is missing, not an image, or truncated, and what to do.
 */
export async function readImage(path: string): Promise<PixelImage> {
  await assertReadableFile(path);
  try {
    const { data, info } = await sharp(path, { failOn: "error" })
      .autoOrient()
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const image = { width: info.width, height: info.height };
    if (info.channels === 3) return { pixels: bytes(data), ...image, channels: 3 };
    if (info.channels === 1) {
      const pixels = new Uint8Array(data.length * 3);
      for (let index = 0; index < data.length; index++) pixels.fill(data[index]!, index * 3, index * 3 + 3);
      return { pixels, ...image, channels: 3 };
    }
    throw new Error(`it has ${info.channels} channels`);
  } catch (error) {
    return readBitmap(path, error, decodeBitmap);
  }
}

/** Width and height of an image file from its header alone, after the orientation tag. */
export async function readImageSize(path: string): Promise<{ width: number; height: number }> {
  await assertReadableFile(path);
  try {
    const { autoOrient } = await sharp(path, { failOn: "error" }).metadata();
    return { width: autoOrient.width, height: autoOrient.height };
  } catch (error) {
    return readBitmap(path, error, bitmapSize);
  }
}

async function assertReadableFile(path: string): Promise<void> {
  let information: Awaited<ReturnType<typeof stat>>;
  try {
    information = await stat(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new DataError(`${path}: expected an image file, but ${reason}. Check the path.`, { cause: error });
  }
  if (!information.isFile()) throw new DataError(`${path}: expected an image file, got a folder. Name a file in it.`);
  if (information.size === 0) {
    throw new DataError(`${path}: expected an image file, got an empty one (0 bytes). Copy or download it again.`);
  }
}

/** What sharp could not read may be a BMP, which this package decodes itself. */
async function readBitmap<Result>(
  path: string,
  sharpError: unknown,
  read: (bytes: Uint8Array) => Result,
): Promise<Result> {
  if (!isBitmap(await firstBytes(path, 2))) throw unreadable(path, sharpError);
  try {
    return read(await readFile(path));
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function firstBytes(path: string, count: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What to say of a file that was not decoded. */
function unreadable(path: string, error: unknown): DataError {
  const reason = (error as Error).message.replaceAll(/\s+/g, " ").trim();
  // libvips keeps its reasons in a buffer of the process: beside other failures a file may be left without one.
  const stated = reason === "Unknown error" ? "" : ` (${reason})`;
  const remedy = undecodedExtensions.includes(extname(path).toLowerCase())
    ? "HEIC and JPEG XL are not decoded: convert it to PNG or JPEG, or remove it."
    : "The file is damaged, cut off or of another format: copy or download it again, or remove it.";
  return new DataError(
    `${path}: expected a whole PNG, JPEG, WebP, TIFF, GIF, AVIF or BMP image, but decoding failed${stated}. ${remedy}`,
    { cause: error },
  );
}

function bytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
