import { averagePool2x, type FeatureExtractor, fromSignedRange, type ImageBatch } from "@divgen/core-tensors";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { expect, test } from "vitest";
import { extractFeatureRows, extractLayerRows } from "./feature-rows.ts";

useReferenceBackend();
leakCheck();

const blockMeans: FeatureExtractor = {
  name: "block-means",
  weightHash: "none",
  resizeRule: "none",
  layers: ["map"],
  extract: (images) => [averagePool2x(images)],
  dispose: () => undefined,
};

/** Images 2 x 4 with one channel: 0 1 2 3 / 4 5 6 7, plus 10 for each further image. */
const images = (first: number, batch: number): ImageBatch => {
  const values = Float32Array.from(
    { length: batch * 8 },
    (_, index) => (index % 8) + 10 * (first + Math.floor(index / 8)),
  );
  return fromSignedRange(values, { batch, height: 2, width: 4, channels: 1 });
};

test("rows follow the order of the images, whatever the batches", async () => {
  // Means of 2 x 2 blocks: (0 + 1 + 4 + 5) / 4 = 2.5 and (2 + 3 + 6 + 7) / 4 = 4.5.
  const expected = { values: Float32Array.of(2.5, 4.5, 12.5, 14.5, 22.5, 24.5), rows: 3, columns: 2 };
  expect(await extractFeatureRows(blockMeans, "map", [images(0, 3)])).toEqual(expected);
  expect(await extractFeatureRows(blockMeans, "map", [images(0, 2), images(2, 1)])).toEqual(expected);
});

test("several layers come out of one pass over the images, each in its place", async () => {
  let passes = 0;
  const twoLayers: FeatureExtractor = {
    ...blockMeans,
    layers: ["map", "pixels"],
    extract: (batch, layers) => {
      passes++;
      return layers.map((layer) => (layer === "map" ? averagePool2x(batch) : batch.clone()));
    },
  };
  const [pixels, map] = await extractLayerRows(twoLayers, ["pixels", "map"], [images(0, 1), images(1, 1)]);
  expect(passes).toBe(2);
  expect(map).toEqual({ values: Float32Array.of(2.5, 4.5, 12.5, 14.5), rows: 2, columns: 2 });
  expect(pixels).toMatchObject({ rows: 2, columns: 8 });
  expect([...pixels!.values]).toEqual(
    Array.from({ length: 16 }, (_, index) => (index % 8) + 10 * Math.floor(index / 8)),
  );
});

test("no image is an error, not an empty matrix", async () => {
  await expect(extractFeatureRows(blockMeans, "map", [])).rejects.toThrow(
    "images: expected at least one batch, got none",
  );
});
