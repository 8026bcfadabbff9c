import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeBitmap } from "./bitmap.ts";
import { readImage, readImageSize } from "./read-image.ts";

interface Golden {
  readonly width: number;
  readonly height: number;
  readonly cases: readonly { readonly name: string; readonly file: string; readonly pixels: readonly number[] }[];
}
const golden: Golden = JSON.parse(readFileSync(new URL("golden/bitmap-files.json", import.meta.url), "utf8"));
const { width, height } = golden;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "divgen-bitmaps-"));
});
afterAll(() => rm(folder, { recursive: true }));

const fileOf = (name: string): Uint8Array =>
  Uint8Array.from(Buffer.from(golden.cases.find((one) => one.name === name)!.file, "base64"));

/** A file with 32 bits a pixel, one row, and a header with masks of all four channels. */
function withAlpha(
  pixels: readonly (readonly [red: number, green: number, blue: number, alpha: number])[],
): Uint8Array {
  const start = 14 + 108;
  const bytes = new Uint8Array(start + 4 * pixels.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(10, start, true);
  view.setUint32(14, 108, true);
  view.setInt32(18, pixels.length, true);
  view.setInt32(22, 1, true);
  view.setUint16(28, 32, true);
  view.setUint32(30, 3, true);
  [0xff0000, 0xff00, 0xff, 0xff000000].forEach((mask, index) => {
    view.setUint32(54 + 4 * index, mask, true);
  });
  pixels.forEach(([red, green, blue, alpha], index) => {
    bytes.set([blue, green, red, alpha], start + 4 * index);
  });
  return bytes;
}

describe("BMP files", () => {
  it.each(golden.cases)("equal what Pillow reads: $name", async ({ name, pixels }) => {
    const path = join(folder, `${name.replaceAll("/", "")}.bmp`);
    await writeFile(path, fileOf(name));
    expect(await readImage(path)).toEqual({ pixels: Uint8Array.from(pixels), width, height, channels: 3 });
    expect(await readImageSize(path)).toEqual({ width, height });
  });

  it("lay transparent pixels over white, unless all of them are", () => {
    const colors = (...alphas: number[]) =>
      Array.from(decodeBitmap(withAlpha(alphas.map((alpha) => [10, 20, 30, alpha]))).pixels);
    expect(colors(0, 255, 51)).toEqual([255, 255, 255, 10, 20, 30, 206, 208, 210]);
    expect(colors(0, 0)).toEqual([10, 20, 30, 10, 20, 30]);
  });

  it.each([
    ["cut off", (file: Uint8Array) => file.subarray(0, -1), /cut off: expected 3 rows of 24 bytes, got 71 bytes/],
    ["a header alone", (file: Uint8Array) => file.subarray(0, 20), /the file is cut off/],
    ["run lengths", put(30, 1), /expected an uncompressed BMP, got compression 1\. Save it without, or as PNG/],
    ["no width", put(18, 0), /expected a positive size, got 0 x 3/],
    ["64 bits", put(28, 64), /expected 1, 4, 8, 16, 24 or 32 bits a pixel, got 64/],
    ["an unknown header", put(14, 16), /expected a known BMP header, got one of 16 bytes/],
  ])("with %s are errors that name the file", async (name, spoil, message) => {
    const path = join(folder, `${name}.bmp`);
    await writeFile(path, spoil(fileOf("24 bits")));
    await expect(readImage(path)).rejects.toThrow(message);
    const failure = await readImage(path).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataError);
    expect((failure as Error).message).toContain(path);
  });

  it("with colours beyond their palette are errors", () => {
    const file = fileOf("8 bits, palette").slice();
    file[file.length - 8] = 255;
    // Pillow writes all 256 entries: this file keeps four.
    const view = new DataView(file.buffer);
    const start = view.getUint32(10, true);
    const short = Uint8Array.from([...file.subarray(0, 54 + 16), ...file.subarray(start)]);
    new DataView(short.buffer).setUint32(10, 54 + 16, true);
    expect(() => decodeBitmap(short)).toThrow(/expected a colour of its 4, got number \d+/);
  });
});

function put(offset: number, value: number): (file: Uint8Array) => Uint8Array {
  return (file) => {
    const spoilt = file.slice();
    new DataView(spoilt.buffer).setUint16(offset, value, true);
    return spoilt;
  };
}
