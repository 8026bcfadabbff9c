import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import {
  cityscapesPalette,
  cmpJpegPalette,
  cmpPngPalette,
  type LabelMap,
  labelMapToColors,
  type PixelImage,
  pixelImage,
  writePng,
} from "@divgen/image-files";
import { randomKey } from "@divgen/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadAll, verifyDataset } from "./dataset-tools.ts";
import { openImageFolder } from "./image-folder.ts";
import { openCityscapes, openCmpFacades, openColorCodedPairs, openLabelFolder } from "./label-folder.ts";
import { openPairSplits } from "./pair-splits.ts";
import { openPairedFolder } from "./paired-folder.ts";
import { readPaletteFile } from "./palette-file.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "divgen-folders-"));
});
afterAll(() => rm(root, { recursive: true }));

function flat(width: number, height: number, value: number): PixelImage {
  return pixelImage(new Uint8Array(width * height * 3).fill(value), { width, height, channels: 3 });
}

/** A on the left in one grey, B on the right in another. */
function sideBySide(width: number, height: number, a: number, b: number): PixelImage {
  const pixels = Uint8Array.from({ length: 2 * width * height * 3 }, (_, index) =>
    Math.floor(index / 3) % (2 * width) < width ? a : b,
  );
  return pixelImage(pixels, { width: 2 * width, height, channels: 3 });
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error("nothing failed"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DataError);
  return (error as Error).message;
}

describe("openPairedFolder with A beside B", () => {
  it("splits, turns and resizes pairs in natural order", async () => {
    const path = join(root, "ab");
    await writePng(join(path, "train", "10.png"), sideBySide(6, 4, 30, 40));
    await writePng(join(path, "train", "2.png"), sideBySide(6, 4, 10, 20));
    await writeFile(join(path, "train", "notes.txt"), "no picture");
    const forward = await openPairedFolder({ path, split: "train", direction: "AtoB" });
    expect(forward.size).toBe(2);
    expect(await forward.load(0)).toEqual({ name: "2", input: flat(6, 4, 10), target: flat(6, 4, 20) });
    const backward = await openPairedFolder({ path, split: "train", direction: "BtoA", size: 8 });
    expect(await backward.load(1)).toEqual({ name: "10", input: flat(8, 8, 40), target: flat(8, 8, 30) });
    await expect(backward.load(2)).rejects.toThrow("[0, 2), got 2");
  });

  it("names the file with an odd width and the one that is damaged", async () => {
    const path = join(root, "broken");
    await writePng(join(path, "1.png"), sideBySide(3, 3, 1, 2));
    await writePng(join(path, "odd.png"), flat(7, 3, 1));
    await writeFile(join(path, "text.jpg"), "no picture");
    const dataset = await openPairedFolder({ path, direction: "AtoB" });
    expect(await failure(dataset.load(1))).toMatch(/odd\.png: expected .* an even width, got 7 x 3/);
    expect(await failure(dataset.load(2))).toMatch(/text\.jpg: expected a whole PNG/);
    expect(await failure(verifyDataset(dataset))).toMatch(/2 of 3 examples cannot be used:\n.*odd\.png.*\n.*text\.jpg/);
  });

  it("names the file that lacks a half, be it the first or another", async () => {
    const path = join(root, "halves");
    for (const name of ["1.png", "3.png"]) await writePng(join(path, name), flat(8, 4, 1));
    await writePng(join(path, "2.png"), flat(4, 4, 1));
    // Another proportion, but not that of one half.
    await writePng(join(path, "4.png"), flat(6, 4, 1));
    const dataset = await openPairedFolder({ path, direction: "AtoB" });
    expect(await failure(verifyDataset(dataset))).toMatch(
      /1 of 4 examples .*\n.*2\.png: expected the proportions of .*1\.png, 8 x 4, got 4 x 4: .*2\.png seems to lack a half/,
    );
    await writePng(join(path, "0.png"), flat(4, 4, 1));
    const again = await openPairedFolder({ path, direction: "AtoB" });
    expect(await failure(again.load(1))).toMatch(
      /1\.png: expected .*: .*0\.png seems to lack a half that .*1\.png has/,
    );
  });

  it("names the folder that is missing or empty, and what there is instead", async () => {
    const path = join(root, "empty");
    await mkdir(join(path, "val"), { recursive: true });
    expect(await failure(openPairedFolder({ path: join(root, "nowhere"), direction: "AtoB" }))).toMatch(
      /nowhere: expected a folder of image pairs, but there is none/,
    );
    expect(await failure(openPairedFolder({ path, split: "train", direction: "AtoB" }))).toMatch(
      /train: expected the folder of the "train" pairs, but there is none\. .* has val/,
    );
    expect(await failure(openPairedFolder({ path, split: "val", direction: "AtoB" }))).toMatch(
      /val: expected image files .* got none/,
    );
    expect(await failure(openPairedFolder({ path, direction: "AtoB" }))).toMatch(/folders val: name one as the split/);
  });
});

describe("openPairedFolder with folders A and B", () => {
  it.each([
    ["train/A", "train/B"],
    ["A/train", "B/train"],
  ])("pairs files by name: %s and %s", async (folderA, folderB) => {
    const path = join(root, "two", folderA.replace("/", "-"));
    await writePng(join(path, folderA, "one.png"), flat(4, 5, 10));
    await writePng(join(path, folderB, "one.png"), flat(4, 5, 20));
    const dataset = await openPairedFolder({ path, split: "train", direction: "BtoA" });
    expect(await dataset.load(0)).toEqual({ name: "one", input: flat(4, 5, 20), target: flat(4, 5, 10) });
  });

  it("names halves without partner and pairs of unlike size", async () => {
    const path = join(root, "unpaired");
    await writePng(join(path, "A", "one.png"), flat(4, 5, 10));
    await writePng(join(path, "B", "one.png"), flat(4, 6, 20));
    const dataset = await openPairedFolder({ path, direction: "AtoB" });
    expect(await failure(dataset.load(0))).toMatch(/one\.png: expected 4 x 5 like its partner .*, got 4 x 6/);
    await writePng(join(path, "B", "two.png"), flat(4, 5, 20));
    expect(await failure(openPairedFolder({ path, direction: "AtoB" }))).toMatch(
      /B: expected each image to have a partner .*A, got 1 without: two\.png/,
    );
    await rm(join(path, "A"), { recursive: true });
    expect(await failure(openPairedFolder({ path, direction: "AtoB" }))).toMatch(/A: expected a folder with one half/);
  });
});

describe("openImageFolder", () => {
  it("numbers class folders and cuts the middle square", async () => {
    const path = join(root, "classes");
    await writePng(join(path, "cat", "a.png"), flat(4, 4, 1));
    await writePng(join(path, "dog", "b.png"), sideBySide(4, 4, 2, 3));
    const dataset = await openImageFolder({ path, size: 4 });
    expect(dataset.classNames).toEqual(["cat", "dog"]);
    expect([...dataset.classIds]).toEqual([0, 1]);
    const dog = await dataset.load(1);
    expect(dog).toMatchObject({ name: "dog/b", classId: 1 });
    // Columns 2 .. 5 of 8: two of A, two of B.
    expect([...dog.image.pixels.subarray(0, 12)]).toEqual([2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3]);
  });

  it("names photographs of formats that are not decoded before anything is trained", async () => {
    const path = join(root, "phone");
    await writePng(join(path, "1.png"), flat(4, 4, 1));
    await writeFile(join(path, "10.heic"), "");
    await writeFile(join(path, "9.HEIC"), "");
    await writeFile(join(path, "scan.jxl"), "");
    const message = await failure(openImageFolder({ path }));
    expect(message).toContain(`${join(path, "9.HEIC")} and 2 more`);
    expect(message).toMatch(/Convert .* to PNG or JPEG, or move/);
  });

  it("takes a flat folder and refuses an empty or mixed one", async () => {
    const path = join(root, "flat");
    await writePng(join(path, "1.png"), flat(2, 2, 7));
    const dataset = await openImageFolder({ path });
    expect(await dataset.load(0)).toEqual({ name: "1", image: flat(2, 2, 7), classId: 0 });
    await mkdir(join(path, "extra"));
    expect(await failure(openImageFolder({ path }))).toMatch(/got 1 images beside the folders extra/);
    expect(await failure(openImageFolder({ path: join(path, "extra") }))).toMatch(/got none of either/);
  });
});

describe("label folders", () => {
  const labels: LabelMap = { classIds: Uint8Array.of(1, 2, 3, 12), width: 2, height: 2 };

  async function writeIds(path: string, ids: Uint8Array, width: number): Promise<void> {
    await writePng(path, pixelImage(ids, { width, height: ids.length / width, channels: 1 }));
  }

  it("reads CMP files side by side and resizes labels to the nearest", async () => {
    const path = join(root, "cmp");
    const { default: sharp } = await import("sharp");
    await writeIds(join(path, "cmp_b0001.png"), labels.classIds, 2);
    await sharp(flat(2, 2, 128).pixels, { raw: { width: 2, height: 2, channels: 3 } })
      .jpeg()
      .toFile(join(path, "cmp_b0001.jpg"));
    const dataset = await openCmpFacades({ path, width: 4, height: 4 });
    expect(dataset.size).toBe(1);
    const example = await dataset.load(0);
    expect([...example.labels.classIds]).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 12, 12, 3, 3, 12, 12]);
    expect(example.input).toEqual(labelMapToColors(example.labels, cmpPngPalette));
    expect(example.target).toEqual(flat(4, 4, 128));
  });

  it("decodes pix2pix's colours before it resizes", async () => {
    const path = join(root, "coded");
    const map: LabelMap = {
      classIds: Uint8Array.from({ length: 64 }, (_, index) => (index % 8 < 4 ? 3 : 11)),
      width: 8,
      height: 8,
    };
    const coded = labelMapToColors(map, cmpJpegPalette);
    const joined = new Uint8Array(2 * coded.pixels.length);
    for (let row = 0; row < 8; row++) {
      joined.fill(90, row * 48, row * 48 + 24);
      joined.set(coded.pixels.subarray(row * 24, row * 24 + 24), row * 48 + 24);
    }
    await writePng(join(path, "test", "1.png"), pixelImage(joined, { width: 16, height: 8, channels: 3 }));
    const options = { path, split: "test", palette: cmpJpegPalette, labelHalf: "B", width: 4, height: 4 } as const;
    const example = await (await openColorCodedPairs(options)).load(0);
    expect([...example.labels.classIds.subarray(0, 4)]).toEqual([3, 3, 11, 11]);
    expect(example.target).toEqual(flat(4, 4, 90));
  });

  it("reads Cityscapes' folders by train id", async () => {
    const path = join(root, "cityscapes");
    const name = "ulm_000001_000019";
    await writePng(join(path, "leftImg8bit", "val", "ulm", `${name}_leftImg8bit.png`), flat(2, 2, 50));
    await writeIds(join(path, "gtFine", "val", "ulm", `${name}_gtFine_labelIds.png`), Uint8Array.of(7, 26, 0, 33), 2);
    const dataset = await openCityscapes({ path, split: "val" });
    expect(dataset.palette).toBe(cityscapesPalette);
    const example = await dataset.load(0);
    expect(example.name).toBe(name);
    expect([...example.labels.classIds]).toEqual([0, 13, 255, 18]);
  });

  it("reads any folders with a palette file", async () => {
    const path = join(root, "own");
    await writePng(join(path, "photos", "x.png"), flat(2, 2, 50));
    await writeIds(join(path, "labels", "x.png"), labels.classIds, 2);
    const palettePath = join(path, "palette.json");
    const classes = [1, 2, 3].map((id) => ({ id, name: `class ${id}`, color: `#0000${id}0` }));
    await writeFile(palettePath, JSON.stringify({ name: "own", classes }));
    const palette = await readPaletteFile(palettePath);
    expect(palette.classes[2]).toEqual({ id: 3, name: "class 3", color: [0, 0, 0x30] });
    const folders = { photos: join(path, "photos"), labels: join(path, "labels"), encoding: "indexed" } as const;
    const dataset = await openLabelFolder({ ...folders, palette });
    expect(await failure(dataset.load(0))).toMatch(
      /x\.png: expected class ids of palette own .* got 12 at column 1, row 1/,
    );
    await writeIds(join(path, "labels", "x.png"), Uint8Array.of(1, 2), 2);
    expect(await failure(dataset.load(0))).toMatch(/expected 2 x 2 labels like the photo, got 2 x 1/);
    await writePng(join(path, "photos", "y.png"), flat(2, 2, 50));
    expect(await failure(openLabelFolder({ ...folders, palette }))).toMatch(/y\.png: expected its label file/);
  });

  it("says what is wrong with a palette file", async () => {
    const path = join(root, "palette.json");
    expect(await failure(readPaletteFile(path))).toContain("there is none");
    for (const [content, message] of [
      ["{", "expected a palette in JSON"],
      ["[]", 'expected { "name": ..., "classes": [...] }'],
      ['{ "name": "p", "classes": [{ "id": 1, "name": "a", "color": "red" }] }', '"color":"red"'],
      ['{ "name": "p", "classes": [] }', "at least one class"],
    ] as const) {
      await writeFile(path, content);
      expect(await failure(readPaletteFile(path))).toContain(message);
    }
  });
});

const shared = process.env["DIVGEN_SHARED"] ?? join(import.meta.dirname, "../../../../shared");
const maps = join(shared, "data/maps");

describe.skipIf(!existsSync(maps))(`real photographs in ${dirname(maps)} (skipped when absent)`, () => {
  it("opens the maps: 400 and 100 pairs of aerial photo and map", async () => {
    const train = await openPairedFolder({ path: maps, split: "train", direction: "AtoB", size: 64 });
    const val = await openPairedFolder({ path: maps, split: "val", direction: "BtoA" });
    expect([train.size, val.size]).toEqual([400, 100]);
    const { input, target } = await train.load(0);
    expect([input.width, target.width]).toEqual([64, 64]);
    const whole = await val.load(0);
    expect([whole.input.width, whole.input.height]).toEqual([256, 256]);
    // The map (B) is drawn: far fewer colours than the photo (A).
    const colors = ({ pixels }: PixelImage) =>
      new Set(Array.from({ length: pixels.length / 3 }, (_, i) => pixels.subarray(i * 3, i * 3 + 3).join())).size;
    expect(colors(whole.input)).toBeLessThan(colors(whole.target));
  });
});

describe("openPairSplits", () => {
  const options = { direction: "AtoB", size: 32, trainCount: 3, testCount: 2, testSplit: "val" } as const;

  it("chooses as many pairs of a folder as asked for, the same for a key, in order", async () => {
    const path = join(root, "splits");
    for (const split of ["train", "val"]) {
      for (let index = 0; index < 6; index++) {
        await writePng(join(path, split, `${index}.png`), sideBySide(4, 4, index, 100 + index));
      }
    }
    const open = (seed: number) => openPairSplits(randomKey(seed), { ...options, source: "paired-folder", path });
    const namesOf = async ({ train, test }: Awaited<ReturnType<typeof open>>) =>
      (await Promise.all([loadAll(train), loadAll(test)])).map((examples) => examples.map(({ name }) => name));
    const first = await namesOf(await open(1));
    expect(first.map((names) => names.length)).toEqual([3, 2]);
    expect(first.map((names) => [...names].sort())).toEqual(first);
    expect(await namesOf(await open(1))).toEqual(first);
    const others = await Promise.all([2, 3, 4].map(async (seed) => namesOf(await open(seed))));
    expect(others.some((names) => JSON.stringify(names) !== JSON.stringify(first))).toBe(true);
  });

  it("draws facades where there is no folder, other ones for testing", async () => {
    const splits = await openPairSplits(randomKey(1), { ...options, source: "procedural", path: "" });
    expect([splits.train.size, splits.test.size]).toEqual([3, 2]);
    const [train, test] = [await splits.train.load(0), await splits.test.load(0)];
    expect(train.target.width).toBe(32);
    expect(train.target.pixels).not.toEqual(test.target.pixels);
  });
});
