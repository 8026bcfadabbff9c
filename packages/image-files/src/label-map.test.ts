import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  IGNORED_CLASS_ID,
  type LabelMap,
  labelMapFromColors,
  labelMapToColors,
  labelMapToIndices,
  modeFilter,
} from "./label-map.ts";
import {
  cityscapesPalette,
  cityscapesTrainIds,
  cmpJpegPalette,
  cmpPngPalette,
  createLabelPalette,
} from "./label-palette.ts";
import { pixelImage } from "./pixel-image.ts";
import { labelMapFromColorFile, labelMapFromIndexedPng } from "./read-label-map.ts";
import { writePng } from "./write-image.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "divgen-labels-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Stripes of all twelve classes, wide enough for JPEG. */
function stripes(stripe: number): LabelMap {
  const width = 12 * stripe;
  const height = 2 * stripe;
  const classIds = Uint8Array.from({ length: width * height }, (_, index) => 1 + Math.floor((index % width) / stripe));
  return { classIds, width, height };
}

describe("colours and class ids", () => {
  it.each([cmpPngPalette, cmpJpegPalette])("decodes what it drew with palette $name", (palette) => {
    const labels = stripes(3);
    expect(labelMapFromColors(labelMapToColors(labels, palette), palette)).toEqual(labels);
  });

  it("draws the twelve CMP classes in the colours of the reference", () => {
    const { pixels } = labelMapToColors({ classIds: Uint8Array.of(1, 7, 12), width: 3, height: 1 }, cmpPngPalette);
    expect([...pixels]).toEqual([0, 0, 170, 170, 255, 85, 170, 0, 0]);
  });

  it("has the colours of a 12-step and a 64-step jet for CMP", () => {
    // Steps of a jet of n colours: n/4 steps of blue, green, red ramps; the 64-step one is read at row 5 id + 1.
    expect(cmpPngPalette.classes.map(({ color }) => color)).toEqual(jet(12));
    const steps = jet(64);
    for (const { id, color } of cmpJpegPalette.classes) {
      // Rounding of the published colours.
      color.forEach((value, channel) => {
        expect(Math.abs(value - steps[5 * id]![channel]!)).toBeLessThanOrEqual(1);
      });
    }
  });

  it("takes the nearest colour, and none when all are too far", () => {
    const image = pixelImage(Uint8Array.of(250, 8, 3, 90, 90, 90), { width: 2, height: 1, channels: 3 });
    expect(labelMapFromColors(image, cmpPngPalette).classIds[0]).toBe(11);
    const strict = labelMapFromColors(image, cmpPngPalette, { maximumDistance: 20 });
    expect([...strict.classIds]).toEqual([11, IGNORED_CLASS_ID]);
  });

  it("names the place of an id outside the palette", () => {
    const labels = { classIds: Uint8Array.of(1, 2, 3, 13), width: 2, height: 2 };
    expect(() => labelMapToColors(labels, cmpPngPalette)).toThrow(/palette cmp .* got 13 at column 1, row 1/);
    expect(() => labelMapToIndices(labels, cmpPngPalette)).toThrow("got 13");
  });

  it("numbers classes from 0 for one-hot codes and keeps the ignored ones", () => {
    const labels = { classIds: Uint8Array.of(1, 12, IGNORED_CLASS_ID), width: 3, height: 1 };
    expect([...labelMapToIndices(labels, cmpPngPalette)]).toEqual([0, 11, 255]);
  });
});

describe("modeFilter", () => {
  it("removes a lone pixel and keeps a straight edge", () => {
    const classIds = Uint8Array.of(1, 1, 1, 2, 2, 1, 7, 1, 2, 2, 1, 1, 1, 2, 2);
    const expected = Uint8Array.of(1, 1, 1, 2, 2, 1, 1, 1, 2, 2, 1, 1, 1, 2, 2);
    expect(modeFilter({ classIds, width: 5, height: 3 }, 3).classIds).toEqual(expected);
  });

  it("keeps a pixel's own class when another is as frequent, else takes the smallest", () => {
    expect([...modeFilter({ classIds: Uint8Array.of(2, 5), width: 2, height: 1 }, 3).classIds]).toEqual([2, 5]);
    // Around the 9 stand 4 and 7, twice each.
    expect(modeFilter({ classIds: Uint8Array.of(7, 4, 9, 4, 7), width: 5, height: 1 }, 5).classIds[2]).toBe(4);
  });

  it("refuses an even size", () => {
    expect(() => modeFilter(stripes(1), 4)).toThrow("odd");
  });
});

describe("label files", () => {
  it("reads colour labels back from JPEG after nearest colour and mode filter", async () => {
    const labels = stripes(16);
    const { pixels, width, height } = labelMapToColors(labels, cmpJpegPalette);
    const path = join(folder, "labels.jpg");
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 80 })
      .toFile(path);
    const decoded = await labelMapFromColorFile(path, cmpJpegPalette, { modeFilterSize: 5 });
    const wrong = decoded.classIds.filter((id, index) => id !== labels.classIds[index]).length;
    expect(wrong / labels.classIds.length).toBeLessThan(0.01);
  });

  it("reads class numbers of a grey PNG and maps raw Cityscapes ids to train ids", async () => {
    const path = join(folder, "gtFine_labelIds.png");
    await writePng(path, pixelImage(Uint8Array.of(7, 26, 0, 33), { width: 4, height: 1, channels: 1 }));
    const labels = await labelMapFromIndexedPng(path, cityscapesPalette, { idsByStoredNumber: cityscapesTrainIds });
    expect([...labels.classIds]).toEqual([0, 13, IGNORED_CLASS_ID, 18]);
  });

  it("names file and pixel of a number outside the palette", async () => {
    const path = join(folder, "wrong.png");
    await writePng(path, pixelImage(Uint8Array.of(1, 12, 0, 3), { width: 2, height: 2, channels: 1 }));
    await expect(labelMapFromIndexedPng(path, cmpPngPalette)).rejects.toThrow(/wrong\.png.* got 0 at column 0, row 1/);
  });

  it("names a file that is no PNG or missing", async () => {
    const path = join(folder, "text.png");
    await writeFile(path, "text");
    await expect(labelMapFromIndexedPng(path, cmpPngPalette)).rejects.toThrow(/text\.png.*another format/);
    await expect(labelMapFromIndexedPng(join(folder, "none.png"), cmpPngPalette)).rejects.toThrow("no such file");
  });
});

it("refuses a palette with a class twice", () => {
  const wall = { id: 1, name: "wall", color: [1, 2, 3] } as const;
  expect(() => createLabelPalette("mine", [wall, { ...wall, color: [3, 2, 1] }])).toThrow("got 1 twice");
  expect(() => createLabelPalette("mine", [wall, { ...wall, id: 2 }])).toThrow("got 1,2,3 twice");
});

/** The colour map "jet" of MATLAB with n steps, rounded to bytes. */
function jet(steps: number): number[][] {
  const quarter = Math.ceil(steps / 4);
  const ramp = [
    ...Array.from({ length: quarter }, (_, index) => (index + 1) / quarter),
    ...Array.from({ length: quarter - 1 }, () => 1),
    ...Array.from({ length: quarter }, (_, index) => (quarter - index) / quarter),
  ];
  const start = Math.ceil(quarter / 2) - (steps % 4 === 1 ? 1 : 0);
  const colors = Array.from({ length: steps }, () => [0, 0, 0]);
  ramp.forEach((value, index) => {
    const byte = Math.round(value * 255);
    const green = start + index;
    if (green < steps) colors[green]![1] = byte;
    if (green + quarter < steps) colors[green + quarter]![0] = byte;
    if (green - quarter >= 0 && green - quarter < steps) colors[green - quarter]![2] = byte;
  });
  return colors;
}
