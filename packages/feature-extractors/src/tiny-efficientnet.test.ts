import { readFileSync } from "node:fs";
import { asImageBatch } from "@divgen/core-tensors";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { sha256 } from "@divgen/weight-files";
import { dispose, grad, slice, square, sum, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { expectFeatures } from "../test/feature-closeness.ts";
import { seededImages } from "../test/seeded-values.ts";
import { decodeBase64 } from "./base64.ts";
import golden from "./golden/tiny-efficientnet.json" with { type: "json" };
import { createTinyEfficientNet } from "./index.ts";
import { tinyEfficientNetFile } from "./tiny-efficientnet-file.ts";

useReferenceBackend();
leakCheck();

const file = readFileSync(new URL("../weights/tiny-efficientnet.safetensors", import.meta.url));

test("the embedded weights are those of the published file, of at most 2 MiB", () => {
  expect(Buffer.from(decodeBase64(tinyEfficientNetFile)).equals(file)).toBe(true);
  expect(file.length).toBeLessThanOrEqual(2 * 1024 * 1024);
  const extractor = createTinyEfficientNet();
  expect(extractor.weightHash).toBe(sha256(file));
  extractor.dispose();
});

test("gives 49 numbers of the 7 x 7 map and pooled features for images of any size", () => {
  const extractor = createTinyEfficientNet();
  for (const [height, width] of [
    [32, 32],
    [64, 48],
    [56, 56],
  ] as const) {
    const images = seededImages("any size", 1, height, width);
    const results = extractor.extract(images, ["head", "spatial-mean", "pooled"]);
    expect(results.map(({ shape }) => shape)).toEqual([
      [1, 7, 7, 320],
      [1, 49],
      [1, 320],
    ]);
    dispose([images, results]);
  }
  extractor.dispose();
});

test("passes a gradient to every pixel", () => {
  const extractor = createTinyEfficientNet();
  const images = seededImages("gradient", 2, 16, 16);
  const gradient = tidy(() =>
    grad((x: Tensor) => sum(square(extractor.extract(asImageBatch(x as Tensor4D), ["spatial-mean"])[0]!)))(images),
  );
  const values = gradient.dataSync();
  expect(values.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  dispose([images, gradient]);
  extractor.dispose();
});

test("gives an image the same features in any batch", () => {
  const extractor = createTinyEfficientNet();
  const images = seededImages("batch", 3, 24, 24);
  const [together] = extractor.extract(images, ["spatial-mean"]) as [Tensor];
  const last = asImageBatch(slice(images, [2, 0, 0, 0], [1, 24, 24, 3]));
  const [alone] = extractor.extract(last, ["spatial-mean"]) as [Tensor];
  expectClose(alone, together.dataSync().slice(98), { absolute: 1e-5 });
  dispose([images, together, last, alone]);
  extractor.dispose();
});

test("gives the features that torchvision's EfficientNet gives with the same weights", () => {
  const extractor = createTinyEfficientNet();
  const images = seededImages("tiny", 2, 64, 48);
  const [map, pooled] = extractor.extract(images, ["spatial-mean", "pooled"]) as [Tensor, Tensor];
  expectFeatures(map, golden.spatialMean);
  expectFeatures(pooled, golden.pooled);
  dispose([images, map, pooled]);
  extractor.dispose();
});
