import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { DataError } from "@divgen/core-tensors";

/** Images of one size, one after another. */
export interface IdxImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** count * height * width grey values. */
  readonly pixels: Uint8Array;
}

const UNSIGNED_BYTES = 0x08;

/**
 * Parses an idx file of images (MNIST, Fashion-MNIST, EMNIST): magic 00 00 08 03, three sizes, bytes.
 *
 * @throws RangeError saying what is wrong with the bytes.
 */
export function parseIdxImages(bytes: Uint8Array): IdxImages {
  const { sizes, values } = parseIdx(bytes, 3);
  const [count, height, width] = sizes as [number, number, number];
  return { count, height, width, pixels: values };
}

/**
 * Parses an idx file of labels: magic 00 00 08 01, one size, bytes.
 *
 * @throws RangeError saying what is wrong with the bytes.
 */
export function parseIdxLabels(bytes: Uint8Array): Uint8Array {
  return parseIdx(bytes, 1).values;
}

function parseIdx(bytes: Uint8Array, rank: number): { sizes: number[]; values: Uint8Array } {
  const header = 4 + 4 * rank;
  if (bytes.length < header) throw new RangeError(`expected an idx header of ${header} bytes, got ${bytes.length}`);
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== UNSIGNED_BYTES || bytes[3] !== rank) {
    const magic = Array.from(bytes.subarray(0, 4), (value) => value.toString(16).padStart(2, "0")).join(" ");
    throw new RangeError(`expected idx magic 00 00 08 0${rank} (bytes of rank ${rank}), got ${magic}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, header);
  const sizes = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = sizes.reduce((product, size) => product * size, 1);
  if (bytes.length - header !== expected) {
    throw new RangeError(`expected ${expected} values for sizes ${sizes.join(" x ")}, got ${bytes.length - header}`);
  }
  return { sizes, values: bytes.subarray(header) };
}

/**
 * Reads and parses an idx file, gzipped or not.
 *
 * @throws DataError naming the file.
 */
export async function readIdxFile<Content>(path: string, parse: (bytes: Uint8Array) => Content): Promise<Content> {
  try {
    const file = await readFile(path);
    return parse(file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file);
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new DataError(`${path}: expected an idx file (gzipped or not), but ${reason}.`, { cause: error });
  }
}
