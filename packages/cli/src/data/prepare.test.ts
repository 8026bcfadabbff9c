import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  cmpJpegPalette,
  cmpPngPalette,
  encodePng,
  type LabelMap,
  labelMapFromColors,
  labelMapToColors,
  type PixelImage,
  pixelImage,
  readImage,
} from "@divgen/image-files";
import { describe, expect, it } from "vitest";
import { ownFolder, put } from "../../test/folders.ts";
import { runDivgen } from "../../test/run-divgen.ts";

const SIZE = 16;

/** Four quarters of four classes. */
const labels: LabelMap = {
  width: SIZE,
  height: SIZE,
  classIds: Uint8Array.from({ length: SIZE * SIZE }, (_, index) => {
    const right = index % SIZE >= SIZE / 2;
    const low = index >= (SIZE * SIZE) / 2;
    return low ? (right ? 12 : 7) : right ? 3 : 2;
  }),
};
const photo = pixelImage(
  Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, index) => (index * 5) % 256),
  { width: SIZE, height: SIZE, channels: 3 },
);

function beside(a: PixelImage, b: PixelImage): PixelImage {
  const pixels = new Uint8Array(a.pixels.length + b.pixels.length);
  for (let row = 0; row < a.height; row++) {
    pixels.set(a.pixels.subarray(row * a.width * 3, (row + 1) * a.width * 3), row * (a.width + b.width) * 3);
    pixels.set(
      b.pixels.subarray(row * b.width * 3, (row + 1) * b.width * 3),
      (row * (a.width + b.width) + a.width) * 3,
    );
  }
  return pixelImage(pixels, { width: a.width + b.width, height: a.height, channels: 3 });
}
const pngOf = (image: PixelImage) => encodePng(image.pixels, image);

describe("divgen data prepare", () => {
  const folder = ownFolder();
  const at = (name: string): string => join(folder.path, name);
  const prepare = (...words: string[]) => runDivgen("data", "prepare", ...words);

  it.each([cmpJpegPalette, cmpPngPalette])("decodes facade labels in the colours of $name", async (palette) => {
    const from = at(palette.name);
    const coded = labelMapToColors(labels, palette);
    // A fringe as JPEG leaves it: one pixel between two classes.
    const fringed = { ...coded, pixels: coded.pixels.slice() };
    fringed.pixels.set([90, 60, 200], (4 * SIZE + 7) * 3);
    const png = await pngOf(beside(photo, fringed));
    put(join(from, "train", "1.png"), png);
    put(join(from, "val", "2.png"), png);
    const to = at(`${palette.name} clean`);
    const run = await prepare("facades", "--from", from, "--to", to, "--json");
    expect(run.error).toBe("");
    const summary = JSON.parse(run.results[0]!);
    expect(summary.palette.name).toBe(palette.name);
    expect(summary.splits).toEqual({ train: { count: 1, published: 400 }, val: { count: 1, published: 100 } });
    expect(summary.warnings).toContain("train: 1 examples; the published data set has 400");
    expect(summary.warnings).toContain(`2 files of ${2 * SIZE} x ${SIZE}; the published ones have 512 x 256`);
    const clean = labelMapFromColors(await readImage(join(to, "B", "train", "1.png")), cmpPngPalette);
    expect(clean.classIds).toEqual(labels.classIds);
    expect((await readImage(join(to, "A", "val", "2.png"))).pixels).toEqual(photo.pixels);
    const manifest = JSON.parse(readFileSync(join(to, "manifest.json"), "utf8"));
    expect(manifest.splits.train.files).toEqual([
      {
        path: "train/1.png",
        bytes: png.length,
        sha256: createHash("sha256").update(png).digest("hex"),
        width: 2 * SIZE,
        height: SIZE,
      },
    ]);
  });

  it("says that the halves are swapped", async () => {
    const grey = pixelImage(new Uint8Array(SIZE * SIZE * 3).fill(128), { width: SIZE, height: SIZE, channels: 3 });
    put(at("swapped/train/1.png"), await pngOf(beside(labelMapToColors(labels, cmpJpegPalette), grey)));
    const run = await prepare("facades", "--from", at("swapped"));
    expect(run.exitCode).toBe(3);
    expect(run.error).toMatch(/expected facade labels in the right half.*Are the halves swapped\?/);
    expect(existsSync(at("swapped/manifest.json"))).toBe(false);
  });

  it("names every file of maps that cannot be used", async () => {
    put(at("maps/train/good.png"), await pngOf(beside(photo, photo)));
    put(at("maps/train/odd.png"), await pngOf(pixelImage(new Uint8Array(45), { width: 5, height: 3, channels: 3 })));
    put(at("maps/val/broken.jpg"), new TextEncoder().encode("not a picture"));
    const bad = await prepare("maps", "--from", at("maps"));
    expect(bad.exitCode).toBe(3);
    expect(bad.error).toMatch(/2 files cannot be used/);
    expect(bad.error).toMatch(/odd\.png: expected A and B .* an even width, got 5 x 3/);
    expect(bad.error).toMatch(/broken\.jpg/);
    rmSync(at("maps/train/odd.png"));
    rmSync(at("maps/val"), { recursive: true });
    const good = await prepare("maps", "--from", at("maps"), "--manifest", at("m.json"));
    expect(good.error).toBe("");
    expect(good.results[0]).toMatch(/^maps \(pix2pix\): 1 train; all readable\nmanifest: .*m\.json$/);
    expect(JSON.parse(readFileSync(at("m.json"), "utf8")).palette).toBeUndefined();
    const nothing = await prepare("maps", "--from", at("nowhere"));
    expect([nothing.exitCode, nothing.error]).toEqual([3, expect.stringMatching(/expected the folders train, val/)]);
  });

  it("checks the CMP facades as published, with their indexed label files", async () => {
    put(at("cmp/base/cmp_b0001.jpg"), await pngOf(photo));
    const alone = await prepare("facades", "--from", at("cmp"));
    expect([alone.exitCode, alone.error]).toEqual([3, expect.stringMatching(/expected cmp_b0001\.png beside it/)]);
    // A grey PNG whose values are class numbers reads as an indexed one does.
    const grey = pixelImage(labels.classIds, { width: SIZE, height: SIZE, channels: 1 });
    put(at("cmp/base/cmp_b0001.png"), await pngOf(grey));
    const run = await prepare("facades", "--from", at("cmp"), "--to", at("cmp clean"), "--json");
    expect(run.error).toBe("");
    expect(JSON.parse(run.results[0]!)).toMatchObject({
      form: "cmp",
      splits: { train: { count: 1, published: 378 } },
    });
    const clean = labelMapFromColors(await readImage(at("cmp clean/B/train/cmp_b0001.png")), cmpPngPalette);
    expect(clean.classIds).toEqual(labels.classIds);
  });

  it("counts CIFAR-10 by class", async () => {
    const record = (classId: number) => {
      const bytes = new Uint8Array(3073).fill(classId * 20);
      bytes[0] = classId;
      return bytes;
    };
    const records = (...classIds: number[]) => Buffer.concat(classIds.map(record));
    for (let index = 1; index <= 5; index++) put(at(`cifar/data_batch_${index}.bin`), records(0, 1, 2));
    put(at("cifar/test_batch.bin"), records(9));
    const run = await prepare("cifar10", "--from", at("cifar"), "--json");
    expect(run.error).toBe("");
    const { splits, warnings } = JSON.parse(run.results[0]!);
    expect(splits).toEqual({ train: { count: 15, published: 50_000 }, test: { count: 1, published: 10_000 } });
    expect(warnings).toContain("train: 5 images of bird; the published data set has 5000");
    put(at("cifar/test_batch.bin"), records(9).subarray(1));
    const broken = await prepare("cifar10", "--from", at("cifar"));
    expect([broken.exitCode, broken.error]).toEqual([3, expect.stringMatching(/test_batch\.bin/)]);
  });

  it("takes only the data sets that it knows", async () => {
    expect((await prepare("cats", "--from", at("x"))).exitCode).toBe(2);
    expect((await prepare("maps")).exitCode).toBe(2);
  });
});
