import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError, ShapeError } from "@divgen/core-tensors";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageGrid } from "./image-grid.ts";
import { decodeIndexedPng } from "./indexed-png.ts";
import { cropImage, flipHorizontally, type PixelImage, pixelImage } from "./pixel-image.ts";
import { readImage, readImageSize } from "./read-image.ts";
import { tileImages } from "./tile-images.ts";
import { encodePng, writePng } from "./write-image.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "divgen-images-"));
});
afterAll(() => rm(folder, { recursive: true }));

function ramp(width: number, height: number, channels: number): PixelImage {
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, index) => (index * 37) % 256);
  return pixelImage(pixels, { width, height, channels });
}

describe("PNG files", () => {
  it("gives back the pixels that were written", async () => {
    const image = ramp(7, 5, 3);
    const path = join(folder, "new", "deep", "image.png");
    await writePng(path, image);
    expect(await readImage(path)).toEqual(image);
    expect(await readImageSize(path)).toEqual({ width: 7, height: 5 });
  });

  it("repeats grey over RGB", async () => {
    const path = join(folder, "grey.png");
    await writePng(path, pixelImage(Uint8Array.of(0, 100, 255), { width: 3, height: 1, channels: 1 }));
    const image = await readImage(path);
    expect([...image.pixels]).toEqual([0, 0, 0, 100, 100, 100, 255, 255, 255]);
  });

  it("lays transparent pixels over white", async () => {
    const path = join(folder, "alpha.png");
    await writeFile(
      path,
      await encodePng(Uint8Array.of(9, 9, 9, 0, 10, 20, 30, 255), { width: 2, height: 1, channels: 4 }),
    );
    expect([...(await readImage(path)).pixels]).toEqual([255, 255, 255, 10, 20, 30]);
  });

  it("reduces 16 bits to 8 and looks palettes up", async () => {
    const sixteen = join(folder, "sixteen.png");
    const words = Uint16Array.of(0, 0x8080, 0xffff, 0x4040, 0x1010, 0xc0c0);
    await sharp(words, { raw: { width: 2, height: 1, channels: 3 } })
      .toColourspace("rgb16")
      .png()
      .toFile(sixteen);
    expect((await sharp(sixteen).metadata()).depth).toBe("ushort");
    expect([...(await readImage(sixteen)).pixels]).toEqual([0, 0x80, 0xff, 0x40, 0x10, 0xc0]);

    const palette = join(folder, "palette.png");
    const image = pixelImage(Uint8Array.of(255, 0, 0, 0, 0, 255), { width: 2, height: 1, channels: 3 });
    await sharp(image.pixels, { raw: { width: 2, height: 1, channels: 3 } })
      .png({ palette: true })
      .toFile(palette);
    expect(decodeIndexedPng(await readFile(palette)).palette.length).toBeGreaterThan(1);
    expect(await readImage(palette)).toEqual(image);
  });

  it("gives equal files for equal pixels", async () => {
    const { pixels } = ramp(20, 20, 3);
    const shape = { width: 20, height: 20, channels: 3 };
    expect(await encodePng(pixels, shape)).toEqual(await encodePng(pixels.slice(), shape));
  });

  it("refuses bytes that do not fit", async () => {
    await expect(encodePng(new Uint8Array(5), { width: 2, height: 1, channels: 3 })).rejects.toThrow(
      "expected 6 bytes for 2 x 1 with 3 channels, got 5",
    );
  });
});

describe("files that cannot be used", () => {
  it("says which file is missing, a folder, empty or no image", async () => {
    const empty = join(folder, "empty.png");
    await writeFile(empty, "");
    const text = join(folder, "text.jpg");
    await writeFile(text, "this is no picture");
    const bitmap = join(folder, "old.bmp");
    await writeFile(bitmap, Uint8Array.of(0x42, 0x4d, 58, 0, 0, 0));
    for (const [path, reason] of [
      [join(folder, "missing.png"), "there is no such file"],
      [folder, "got a folder"],
      [empty, "0 bytes"],
      [text, "decoding failed"],
      [bitmap, "decoding failed (the file is cut off)"],
    ] as const) {
      const failure = await readImage(path).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(DataError);
      expect((failure as Error).message).toContain(path);
      expect((failure as Error).message).toContain(reason);
    }
  });

  it.each(["png", "jpeg"] as const)("does not accept a truncated %s", async (format) => {
    const whole = await sharp(ramp(64, 64, 3).pixels, { raw: { width: 64, height: 64, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    const path = join(folder, `truncated.${format}`);
    await writeFile(path, whole.subarray(0, Math.floor(whole.length / 2)));
    await expect(readImage(path)).rejects.toThrow(DataError);
    await expect(readImage(path)).rejects.toThrow(/truncated.*copy or download it again/);
  });

  it("leaves the old file and nothing else when a new one cannot be written", async () => {
    const path = join(folder, "parts", "image.png");
    await writePng(path, ramp(3, 3, 3));
    const before = await readFile(path);
    await expect(writePng(join(path, "below-a-file.png"), ramp(3, 3, 3))).rejects.toThrow(
      /a part of the path is a file/,
    );
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(join(folder, "parts"))).toEqual(["image.png"]);
  });

  it.skipIf(process.getuid?.() === 0)("says so when the folder is read-only", async () => {
    const path = join(folder, "locked", "image.png");
    await writePng(path, ramp(3, 3, 3));
    await chmod(join(folder, "locked"), 0o500);
    await expect(writePng(path, ramp(3, 3, 3))).rejects.toThrow("permission is denied");
    await chmod(join(folder, "locked"), 0o700);
  });

  it.skipIf(process.platform !== "linux")("says so when the disk is full", async () => {
    // Each write to /dev/full fails as on a full disk; the temporary name is made to be it by a link.
    const { symlink } = await import("node:fs/promises");
    const path = join(folder, "full.png");
    await symlink("/dev/full", `${path}.writing-${process.pid}`);
    await expect(writePng(path, ramp(3, 3, 3))).rejects.toThrow("the disk is full");
  });
});

describe("pixels", () => {
  it("crops and flips", () => {
    const image = pixelImage(Uint8Array.of(1, 2, 3, 4, 5, 6), { width: 3, height: 2, channels: 1 });
    expect([...cropImage(image, { left: 1, top: 0, width: 2, height: 2 }).pixels]).toEqual([2, 3, 5, 6]);
    expect([...flipHorizontally(image).pixels]).toEqual([3, 2, 1, 6, 5, 4]);
    expect(() => cropImage(image, { left: 2, top: 0, width: 2, height: 2 })).toThrow(ShapeError);
  });

  it("tiles with gaps and zoom", () => {
    const grey = (value: number) => pixelImage(Uint8Array.of(value), { width: 1, height: 1, channels: 1 });
    const grid = tileImages([grey(10), grey(20), grey(30)], { columns: 2, gap: 1, zoom: 2, background: [1, 1, 1] });
    expect([grid.width, grid.height]).toEqual([7, 7]);
    const red = Array.from({ length: 7 }, (_, row) =>
      Array.from({ length: 7 }, (_, column) => grid.pixels[(row * 7 + column) * 3]),
    );
    const first = [1, 10, 10, 1, 20, 20, 1];
    const second = [1, 30, 30, 1, 1, 1, 1];
    const line = [1, 1, 1, 1, 1, 1, 1];
    expect(red).toEqual([line, first, first, line, second, second, line]);
  });

  it("refuses images of unlike sizes", () => {
    expect(() => tileImages([ramp(2, 2, 3), ramp(3, 2, 3)], { columns: 2 })).toThrow("got 3 x 2 at index 1");
  });
});

describe("imageGrid", () => {
  it("sets headings beside the untouched pictures", async () => {
    const images = [ramp(40, 30, 3), ramp(40, 30, 3)];
    const options = { columns: 2, gap: 4 };
    const plain = await imageGrid(images, options);
    const headed = await imageGrid(images, {
      ...options,
      rowHeadings: ["input <1>"],
      columnHeadings: ["a & b", "long heading"],
    });
    const left = headed.width - plain.width;
    const top = headed.height - plain.height;
    expect(left).toBeGreaterThan(20);
    expect(top).toBeGreaterThan(10);
    expect(cropImage(headed, { left: left + 4, top: top + 4, width: 84, height: 30 })).toEqual(
      cropImage(plain, { left: 4, top: 4, width: 84, height: 30 }),
    );
    const above = cropImage(headed, { left, top: 0, width: plain.width, height: top });
    expect(above.pixels.some((value) => value < 128)).toBe(true);
  });

  it("refuses a wrong number of headings", async () => {
    await expect(imageGrid([ramp(2, 2, 3)], { columns: 1, rowHeadings: ["a", "b"] })).rejects.toThrow(
      "rowHeadings: expected 1 headings or none, got 2",
    );
  });
});
