import { readFileSync } from "node:fs";
import { expectClose } from "@divgen/tensor-testing";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeIndexedPng } from "./indexed-png.ts";
import { resizeLabelMap } from "./label-map.ts";
import { pixelImage, toGrey } from "./pixel-image.ts";
import type { ResampleFilter } from "./resample-weights.ts";
import { resizeFloatImage, resizeImage } from "./resize.ts";

interface Golden {
  readonly width: number;
  readonly height: number;
  readonly pixels: number[];
  readonly values: number[];
  readonly grey: number[];
  readonly cases: readonly {
    readonly filter: ResampleFilter;
    readonly width: number;
    readonly height: number;
    readonly pixels: number[];
    readonly values: number[];
  }[];
  readonly nearest: readonly { readonly width: number; readonly height: number; readonly pixels: number[] }[];
  readonly indexedPngs: Readonly<Record<string, { readonly png: string; readonly indices: number[] }>>;
}

const golden: Golden = JSON.parse(readFileSync(new URL("golden/image-resampling.json", import.meta.url), "utf8"));
const { width, height } = golden;
const image = pixelImage(Uint8Array.from(golden.pixels), { width, height, channels: 3 });

describe("resizeImage", () => {
  it.each(golden.cases)("equals Pillow byte for byte: $filter to $width x $height", (wanted) => {
    const resized = resizeImage(image, wanted, wanted.filter);
    expect([...resized.pixels]).toEqual(wanted.pixels);
  });

  it("copies when the size does not change", () => {
    const copy = resizeImage(image, image, "bicubic");
    expect(copy.pixels).toEqual(image.pixels);
    expect(copy.pixels).not.toBe(image.pixels);
  });

  it("refuses a size that is no positive integer", () => {
    expect(() => resizeImage(image, { width: 0, height: 3 }, "box")).toThrow("got 0 x 3");
  });
});

describe("resizeFloatImage", () => {
  const values = Float32Array.from(golden.values);

  it.each(golden.cases)("equals Pillow's mode F: $filter to $width x $height", (wanted) => {
    const resized = resizeFloatImage({ values, width, height, channels: 1 }, wanted, wanted.filter);
    expectClose(resized.values, wanted.values, { relative: 1e-5, absolute: 1e-6 });
  });

  it("treats channels alone", () => {
    const doubled = Float32Array.from({ length: values.length * 2 }, (_, index) =>
      index % 2 === 0 ? values[index / 2]! : -values[(index - 1) / 2]!,
    );
    const one = resizeFloatImage({ values, width, height, channels: 1 }, { width: 5, height: 21 }, "bicubic");
    const two = resizeFloatImage({ values: doubled, width, height, channels: 2 }, { width: 5, height: 21 }, "bicubic");
    expect([...two.values.filter((_, index) => index % 2 === 0)]).toEqual([...one.values]);
    expect([...two.values.filter((_, index) => index % 2 === 1)]).toEqual([...one.values.map((value) => -value)]);
  });
});

describe("resizeLabelMap", () => {
  it.each(golden.nearest)("equals Pillow's NEAREST to $width x $height", (wanted) => {
    const classIds = image.pixels.filter((_, index) => index % 3 === 0);
    expect([...resizeLabelMap({ classIds, width, height }, wanted).classIds]).toEqual(wanted.pixels);
  });
});

it("turns RGB to grey as Pillow does", () => {
  expect([...toGrey(image).pixels]).toEqual(golden.grey);
});

describe("decodeIndexedPng", () => {
  it.each(Object.entries(golden.indexedPngs))(
    "reads the stored numbers of Pillow's PNG (%s)",
    (_, { png, indices }) => {
      expect([...decodeIndexedPng(Buffer.from(png, "hex")).indices]).toEqual(indices);
    },
  );

  it("undoes every row filter of libpng", async () => {
    // Steps of few grey levels make ties between the three neighbours that a Paeth filter chooses from.
    const pixels = Uint8Array.from({ length: 96 * 96 }, (_, index) => {
      const x = index % 96;
      const y = Math.floor(index / 96);
      return 100 + 3 * ((x >> 2) % 7) + 5 * ((y >> 1) % 5) + ((x * y) % 3) + (((x * 7 + y * 13) >> 4) % 11);
    });
    const png = await sharp(pixels, { raw: { width: 96, height: 96, channels: 1 } })
      .toColourspace("b-w")
      .png({ adaptiveFiltering: true })
      .toBuffer();
    expect(decodeIndexedPng(png).indices).toEqual(pixels);
  });

  it("reads the palette", () => {
    const { palette } = decodeIndexedPng(Buffer.from(golden.indexedPngs["2"]!.png, "hex"));
    expect(palette.slice(0, 2)).toEqual([
      [0, 255, 0],
      [1, 254, 7],
    ]);
  });

  it("refuses a file that is cut off and one that is no PNG", () => {
    const png = Buffer.from(golden.indexedPngs["grey"]!.png, "hex");
    expect(() => decodeIndexedPng(png.subarray(0, png.length - 20))).toThrow("cut off");
    expect(() => decodeIndexedPng(Buffer.from("no PNG at all"))).toThrow("another format");
  });
});
