import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asImageBatch, type FeatureExtractor } from "@divgen/core-tensors";
import type { GreyImages } from "@divgen/datasets";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  concat,
  dispose,
  matMul,
  mul,
  reshape,
  slice,
  type Tensor2D,
  type Tensor4D,
  tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { type Config, demo } from "../src/config.ts";
import { openData, paddedImages, pixelsOf } from "../src/data.ts";
import { createDigitGenerator, type DigitGenerator } from "../src/digit-generator.ts";
import { drawMore, drawSheets } from "../src/draw-sheets.ts";
import { featureMapOf } from "../src/feature-space-sheets.ts";
import { judgeSheets } from "../src/judge-sheets.ts";
import { differenceOf, meanAndInterval } from "../src/mean-and-interval.ts";

useReferenceBackend();
leakCheck();

const digits: GreyImages = {
  name: "two",
  size: 2,
  images: { count: 2, width: 28, height: 28, pixels: Uint8Array.from({ length: 1568 }, (_, index) => index % 251) },
  labels: Uint8Array.of(1, 2),
  load: () => Promise.reject(new Error("unused")),
};

const sumOf = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);

describe("data", () => {
  test("pixels are cut at one half for a Bernoulli likelihood, and kept for a Gaussian one", () => {
    const binary = pixelsOf(digits, [1, 0], "bernoulli");
    const grey = pixelsOf(digits, [1, 0], "gaussian");
    const source = Array.from({ length: 1568 }, (_, index) => ((index + 784) % 1568) % 251);
    expectClose(
      binary,
      source.map((byte) => Number(byte > 127.5)),
      { absolute: 0 },
    );
    expectClose(
      grey,
      source.map((byte) => byte / 255),
      { absolute: 1e-7 },
    );
    dispose([binary, grey]);
  });
  test("the GAN's images have black borders", () => {
    const padded = paddedImages(digits, [1]);
    const inner = slice(padded, [0, 2, 2, 0], [1, 28, 28, 1]);
    expectClose(
      inner,
      Array.from({ length: 784 }, (_, index) => ((784 + index) % 251) / 127.5 - 1),
      { absolute: 1e-6 },
    );
    const total = sumOf(padded.dataSync());
    const within = sumOf(inner.dataSync());
    expect(total - within).toBeCloseTo(-(32 * 32 - 28 * 28), 2);
    dispose([padded, inner]);
  });
  test("idx folders that lack a file, or hold other sizes, are errors of the data", async () => {
    const folder = mkdtempSync(join(tmpdir(), "divgen-idx-"));
    const config: Config = { ...demo, data: { ...demo.data, source: "idx", path: folder } };
    await expect(openData(config)).rejects.toThrow("expected train-images-idx3-ubyte or train-images-idx3-ubyte.gz");
    const header = (sizes: number[]) =>
      Uint8Array.from([0, 0, 8, sizes.length, ...sizes.flatMap((size) => [0, 0, 0, size])]);
    for (const split of ["train", "t10k"]) {
      writeFileSync(join(folder, `${split}-images.idx3-ubyte`), Uint8Array.from([...header([1, 2, 2]), 1, 2, 3, 4]));
      writeFileSync(join(folder, `${split}-labels.idx1-ubyte`), Uint8Array.from([...header([1]), 3]));
    }
    await expect(openData(config)).rejects.toThrow("expected images of 28 x 28 pixels, got 2 x 2");
    rmSync(folder, { recursive: true });
  });
});

/** "Images" of one pixel: the latents times a matrix. */
const linear: Pick<DigitGenerator, "generate"> = {
  generate: (latents) =>
    tidy(() =>
      asImageBatch(reshape(matMul(latents, tensor([1, 2, -1, 0.5], [2, 2]) as Tensor2D), [-1, 1, 1, 2]) as Tensor4D),
    ),
};
/** Features are squares; class 0 where the first is less than the second, else 1. */
const squares: FeatureExtractor = {
  ...{ name: "squares", weightHash: "none", resizeRule: "none", layers: ["pooled", "logits"] },
  extract: (images, layers) =>
    tidy(() => {
      const flat = reshape(images, [-1, 2]) as Tensor2D;
      return layers.map((layer) =>
        layer === "pooled" ? mul(flat, flat) : concat([slice(flat, [0, 1], [-1, 1]), slice(flat, [0, 0], [-1, 1])], 1),
      );
    }),
  dispose: () => undefined,
};

describe("sheets", () => {
  test("are judged by their classes and the distances of their features", async () => {
    const latents = { values: Float64Array.of(1, 0, 0, 1, 2, 0), rows: 3, columns: 2 };
    const judged = await judgeSheets(linear as DigitGenerator, squares, [{ latents, squaredDistance: 0.5 }]);
    // Outputs (1, 2), (-1, 0.5), (2, 4): squares (1, 4), (1, 0.25), (4, 16); second > first in all.
    const distances = [3.75, Math.hypot(3, 12), Math.hypot(3, 15.75)];
    expect(judged[0]!.distinct).toBe(1);
    expect(judged[0]!.squaredDistance).toBe(0.5);
    expect(judged[0]!.meanDistance).toBeCloseTo(distances.reduce((a, b) => a + b) / 3, 4);
  });
  test("drawn together they are nearer to the law than independent ones, and more of them nearer still", () => {
    const options = { latentSize: 2, together: 5, draws: 8 };
    const meanOf = (sheets: readonly { squaredDistance: number }[]) =>
      sheets.reduce((sum, { squaredDistance }) => sum + squaredDistance, 0) / sheets.length;
    const iid = drawSheets(randomKey(1), "iid", options);
    const exact = drawSheets(randomKey(1), "exact", options);
    // E|Z - Z'| / (2 J) = sqrt(pi) / 10 for independent draws.
    expect(meanOf(iid)).toBeGreaterThan(0.08);
    expect(meanOf(exact)).toBeLessThan(0.05);
    const [more, unlike] = ["iid", "exact"].map((sampler) => drawMore(randomKey(2), sampler, iid));
    expect(unlike!.map(({ latents }) => latents.rows)).toEqual(Array.from({ length: 8 }, () => 10));
    expect([...unlike![0]!.latents.values.subarray(0, 10)]).toEqual([...iid[0]!.latents.values]);
    expect(meanOf(unlike!)).toBeLessThan(0.6 * meanOf(more!));
  });
  test("the feature map's product is the derivative of the weighted features", async () => {
    const map = featureMapOf(linear as DigitGenerator, squares, "pooled");
    const latents = { values: Float64Array.of(0.3, -0.2), rows: 1, columns: 2 };
    const { values } = await map.features(latents);
    // (0.3 + 0.2, 0.6 - 0.1) squared.
    expect([...values].map((value) => value.toFixed(5))).toEqual(["0.25000", "0.25000"]);
    const product = await map.vectorJacobianProduct(latents, { values: Float64Array.of(1, 10), rows: 1, columns: 2 });
    // d(u^2 + 10 v^2) = 2 u du + 20 v dv with u = x - y, v = 2 x + 0.5 y.
    expect([...product.values].map((value) => value.toFixed(4))).toEqual([(1 + 20).toFixed(4), (-1 + 5).toFixed(4)]);
  });
});

test("the GAN makes 28 x 28 images, and gradients reach its latents", async () => {
  const config: Config = { ...demo, method: "gan", model: { ...demo.model, latentSize: 3, baseChannels: 2 } };
  const generator = createDigitGenerator(randomKey(4), config);
  const map = featureMapOf(
    generator,
    { ...squares, extract: (images) => [reshape(images, [images.shape[0], -1])] },
    "pooled",
  );
  const latents = { values: Float64Array.of(0.3, -0.2, 1), rows: 1, columns: 3 };
  const features = await map.features(latents);
  expect(features.columns).toBe(784);
  const cotangents = { values: new Float64Array(784).fill(1), rows: 1, columns: 784 };
  const { values } = await map.vectorJacobianProduct(latents, cotangents);
  const moved = await map.features({ ...latents, values: Float64Array.of(0.31, -0.2, 1) });
  const before = await map.features({ ...latents, values: Float64Array.of(0.29, -0.2, 1) });
  expect(values[0]).toBeCloseTo((sumOf(moved.values) - sumOf(before.values)) / 0.02, 1);
  generator.dispose();
});

describe("intervals", () => {
  test("mean, deviation and 1.96 standard errors", () => {
    const { mean, standardDeviation, halfInterval } = meanAndInterval([1, 2, 6]);
    expect(mean).toBe(3);
    expect(standardDeviation).toBeCloseTo(Math.sqrt(7), 12);
    expect(halfInterval).toBeCloseTo(1.96 * Math.sqrt(7 / 3), 12);
    expect(() => meanAndInterval([1])).toThrow("expected at least 2, got 1");
  });
  test("errors of independent means add in squares", () => {
    const one = { mean: 5, standardDeviation: 0, halfInterval: 3, count: 9 };
    expect(differenceOf(one, { ...one, mean: 1, halfInterval: 4 })).toEqual({ mean: 4, halfInterval: 5 });
  });
});
