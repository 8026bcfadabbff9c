import { open, stat } from "node:fs/promises";
import { DataError } from "@divgen/core-tensors";
import sharp from "sharp";
import type { PixelImage } from "./pixel-image.ts";

/** File name endings of images, in lower case. Of these `readImage` decodes all but BMP, which it names in its error. */
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

/**
 * Decodes an image file to RGB bytes: PNG, JPEG, WebP, TIFF, GIF (first frame), AVIF.
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
    throw await unreadable(path, error);
  }
}

/** Width and height of an image file from its header alone, after the orientation tag. */
export async function readImageSize(path: string): Promise<{ width: number; height: number }> {
  await assertReadableFile(path);
  try {
    const { autoOrient } = await sharp(path, { failOn: "error" }).metadata();
    return { width: autoOrient.width, height: autoOrient.height };
  } catch (error) {
    throw await unreadable(path, error);
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

/** What to say of a file that was not decoded. */
async function unreadable(path: string, error: unknown): Promise<DataError> {
  const expected = `${path}: expected a whole PNG, JPEG, WebP, TIFF, GIF or AVIF image`;
  if (await isBitmap(path)) {
    return new DataError(`${expected}, got a BMP. Convert it to PNG, which loses nothing.`, { cause: error });
  }
  const reason = (error as Error).message.replaceAll(/\s+/g, " ").trim();
  // libvips keeps its reasons in a buffer of the process: beside other failures a file may be left without one.
  const stated = reason === "Unknown error" ? "" : ` (${reason})`;
  return new DataError(
    `${expected}, but decoding failed${stated}. The file is damaged, cut off or of another format: copy or download it again, or remove it.`,
    { cause: error },
  );
}

async function isBitmap(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.toString("latin1") === "BM";
  } finally {
    await file.close();
  }
}

function bytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
