import { crc32 } from "node:zlib";
import { DataError } from "@divgen/core-tensors";

/** How long pictures of an animation stand. */
export interface AnimationOptions {
  /** Milliseconds, 1 .. 65,535. */
  readonly frameMilliseconds: number;
  /** Of the last one, before it begins again. @defaultValue `frameMilliseconds` */
  readonly lastMilliseconds?: number;
}

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

/**
 * An animated PNG that repeats for ever; viewers that know no animation show the first frame.
 *
 * @param frames - PNG files of one size and pixel format, such as `encodePng` makes.
 * @throws DataError if there is none, one is no PNG, or their headers differ.
 * @see Portable Network Graphics (PNG) Specification (Third Edition), W3C: acTL, fcTL, fdAT.
 */
export function encodeAnimatedPng(
  frames: readonly Uint8Array[],
  { frameMilliseconds, lastMilliseconds = frameMilliseconds }: AnimationOptions,
): Uint8Array {
  for (const time of [frameMilliseconds, lastMilliseconds]) {
    if (!(Number.isInteger(time) && time >= 1 && time <= 65_535)) {
      throw new RangeError(`milliseconds: expected an integer in [1, 65535], got ${time}`);
    }
  }
  if (frames.length === 0) throw new DataError("animation: expected at least one frame, got none");
  const read = frames.map(readChunks);
  const header = read[0]!.header;
  for (const [index, frame] of read.entries()) {
    if (Buffer.compare(frame.header, header) !== 0) {
      throw new DataError(`animation: expected frames of one size and format, but frame ${index + 1} differs`);
    }
  }
  const chunks: Uint8Array[] = [SIGNATURE, chunk("IHDR", header), chunk("acTL", words(frames.length, 0))];
  let sequence = 0;
  for (const [index, { data }] of read.entries()) {
    const time = index === read.length - 1 ? lastMilliseconds : frameMilliseconds;
    const control = Buffer.concat([
      words(sequence++),
      header.subarray(0, 8), // width and height
      words(0, 0), // at the upper left corner
      Buffer.of(time >> 8, time & 255, 1000 >> 8, 1000 & 255, 0, 0), // time / 1000 seconds; replaces what was there
    ]);
    chunks.push(chunk("fcTL", control));
    chunks.push(index === 0 ? chunk("IDAT", data) : chunk("fdAT", Buffer.concat([words(sequence++), data])));
  }
  return Buffer.concat([...chunks, chunk("IEND", new Uint8Array(0))]);
}

/** Header and compressed pixels of a PNG. */
function readChunks(png: Uint8Array): { readonly header: Buffer; readonly data: Buffer } {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  let header: Buffer | undefined;
  const parts: Buffer[] = [];
  if (Buffer.compare(bytes.subarray(0, 8), SIGNATURE) === 0) {
    for (let at = 8; at + 12 <= bytes.length; ) {
      const length = bytes.readUInt32BE(at);
      const type = bytes.toString("latin1", at + 4, at + 8);
      const content = bytes.subarray(at + 8, at + 8 + length);
      if (type === "IHDR") header = content;
      if (type === "IDAT") parts.push(content);
      at += 12 + length;
    }
  }
  if (header === undefined || parts.length === 0) throw new DataError("animation: expected PNG files, got another");
  return { header, data: Buffer.concat(parts) };
}

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  return Buffer.concat([words(content.length), body, words(crc32(body))]);
}

/** 32-bit unsigned integers, most significant byte first. */
function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}
