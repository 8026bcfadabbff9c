import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import {
  cmpJpegPalette,
  cmpPngPalette,
  type LabelMap,
  labelMapToColors,
  type PixelImage,
  pixelImage,
  writePng,
} from "@divgen/image-files";
import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { dispose } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadAll } from "./dataset-tools.ts";
import { toLayoutBatch } from "./layout-batch.ts";
import { type LayoutSplitOptions, openLayoutSplits } from "./layout-splits.ts";

useReferenceBackend();
leakCheck();

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "divgen-layouts-"));
});
afterAll(() => rm(root, { recursive: true }));

const key = randomKey(1);
const small = { testSplit: "val", height: 4, width: 4, trainCount: 2, testCount: 1 } as const;
const open = (options: Partial<LayoutSplitOptions> & Pick<LayoutSplitOptions, "source">) =>
  openLayoutSplits(key, { ...small, path: "", ...options });

function flat(width: number, height: number, value: number): PixelImage {
  return pixelImage(new Uint8Array(width * height * 3).fill(value), { width, height, channels: 3 });
}
const grey = (ids: ArrayLike<number>, width: number) =>
  pixelImage(Uint8Array.from(ids), { width, height: ids.length / width, channels: 1 });

describe("layouts and photographs", () => {
  test("are drawn where there is no folder, with exact labels", async () => {
    const { train, test: tested, palette } = await open({ source: "procedural", height: 32, width: 32 });
    expect([train.size, tested.size]).toEqual([2, 1]);
    const example = await train.load(0);
    expect(example.input).toEqual(labelMapToColors(example.labels, palette));
    await expect(open({ source: "procedural", height: 32, width: 64 })).rejects.toThrow(/a square, got 64 x 32/);
  });

  test("of CMP's one folder are split by the key, without a picture in common", async () => {
    const { default: sharp } = await import("sharp");
    const path = join(root, "cmp");
    for (let index = 0; index < 5; index++) {
      await writePng(join(path, `cmp_b000${index}.png`), grey([1, 2, 3, index + 1], 2));
      const raw = { raw: { width: 2, height: 2, channels: 3 } } as const;
      await sharp(flat(2, 2, 30 * index).pixels, raw)
        .jpeg()
        .toFile(join(path, `cmp_b000${index}.jpg`));
    }
    const splits = await open({ source: "cmp", path, trainCount: 400, testCount: 2 });
    // All can be wanted for training: one is kept for testing.
    expect([splits.train.size, splits.test.size]).toEqual([4, 1]);
    const names = [...(await loadAll(splits.train)), ...(await loadAll(splits.test))].map(({ name }) => name);
    expect(new Set(names).size).toBe(5);
    expect(splits.palette).toBe(cmpPngPalette);
    const asked = await open({ source: "cmp", path, trainCount: 3, testCount: 2 });
    expect([asked.train.size, asked.test.size]).toEqual([3, 2]);
  });

  test("of pix2pix's JPEGs are decoded before they are resized, fringes removed", async () => {
    const { default: sharp } = await import("sharp");
    const path = join(root, "pix2pix");
    const map: LabelMap = {
      classIds: Uint8Array.from({ length: 1024 }, (_, index) => (index % 32 < 16 ? 2 : 12)),
      width: 32,
      height: 32,
    };
    const coded = labelMapToColors(map, cmpJpegPalette);
    const joined = new Uint8Array(2 * coded.pixels.length);
    for (let row = 0; row < 32; row++) {
      joined.fill(90, row * 192, row * 192 + 96);
      joined.set(coded.pixels.subarray(row * 96, row * 96 + 96), row * 192 + 96);
    }
    for (const split of ["train", "val"]) {
      await writePng(join(path, split, "unused.png"), pixelImage(joined, { width: 64, height: 32, channels: 3 }));
      await sharp(joined, { raw: { width: 64, height: 32, channels: 3 } })
        .jpeg({ quality: 70 })
        .toFile(join(path, split, "1.jpg"));
    }
    const { train } = await open({ source: "cmp-pix2pix", path });
    for (const { labels } of await loadAll(train)) {
      expect([...labels.classIds]).toEqual([2, 2, 12, 12, 2, 2, 12, 12, 2, 2, 12, 12, 2, 2, 12, 12]);
    }
  });

  test("of any folder have their palette beside them", async () => {
    const path = join(root, "own");
    for (const split of ["train", "val"]) {
      await writePng(join(path, split, "photos", "x.png"), flat(2, 2, 50));
      await writePng(join(path, split, "labels", "x.png"), grey([5, 5, 7, 255], 2));
    }
    await expect(open({ source: "label-folder", path })).rejects.toThrow(DataError);
    const classes = [
      { id: 5, name: "sky", color: "#0000ff" },
      { id: 7, name: "road", color: "#808080" },
    ];
    await writeFile(join(path, "palette.json"), JSON.stringify({ name: "street", classes }));
    const { train, palette } = await open({ source: "label-folder", path, height: 2, width: 2 });
    const batch = toLayoutBatch([await train.load(0)], palette);
    // Positions in the palette, not ids; an ignored pixel is zero in all.
    expect([...batch.labels.dataSync()]).toEqual([1, 0, 1, 0, 0, 1, 0, 0]);
    dispose({ ...batch });
  });
});

describe("layout batches", () => {
  test("mirror and cut labels with their pictures", async () => {
    const { train, palette } = await open({ source: "procedural", height: 32, width: 32 });
    const examples = await loadAll(train);
    const augmentation = { loadSize: 36, cropSize: 32, flip: true, inputFilter: "nearest" } as const;
    const batch = toLayoutBatch(examples, palette, { augmentation, key });
    expect(batch.input.shape).toEqual([2, 32, 32, 3]);
    const labels = batch.labels.dataSync();
    const colors = batch.input.dataSync();
    const classCount = palette.classes.length;
    for (let pixel = 0; pixel < 2 * 32 * 32; pixel++) {
      const index = labels.subarray(pixel * classCount, (pixel + 1) * classCount).indexOf(1);
      const shown = [...colors.subarray(3 * pixel, 3 * pixel + 3)].map((value) => Math.round((value + 1) * 127.5));
      expect(shown).toEqual([...palette.classes[index]!.color]);
    }
    dispose({ ...batch });
  });

  test("labels outside the palette, unlike sizes and empty batches are refused", async () => {
    const { train, palette } = await open({ source: "procedural", height: 32, width: 32 });
    const example = await train.load(0);
    const foreign = { ...example, labels: { ...example.labels, classIds: example.labels.classIds.map(() => 99) } };
    expect(() => toLayoutBatch([foreign], palette)).toThrow(/expected class ids of palette cmp .* got 99/);
    expect(() => toLayoutBatch([], palette)).toThrow(/at least one layout/);
    const other = { ...example, labels: { classIds: new Uint8Array(4).fill(1), width: 2, height: 2 } };
    expect(() => toLayoutBatch([example, other], palette)).toThrow(
      /layouts: expected 32 x 32 like the first, got 2 x 2/,
    );
  });
});
