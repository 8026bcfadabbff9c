import { asImageBatch, type Discriminator, fromSignedRange } from "@divgen/core-tensors";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  conv2d,
  dispose,
  grad,
  mean,
  mul,
  square,
  sum,
  type Tensor,
  type Tensor4D,
  tensor4d,
  tidy,
  zeros,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { seededImages } from "../test/seeded-values.ts";
import { createDiscriminatorFeatures, createPixelFeatures, createRandomProjection } from "./index.ts";

useReferenceBackend();
leakCheck();

test("pixel features are the pixels, row by row", () => {
  const values = Float32Array.from({ length: 12 }, (_, index) => index / 12);
  const images = fromSignedRange(values, { batch: 1, height: 2, width: 2, channels: 3 });
  const own = createPixelFeatures({ size: null });
  const [features] = own.extract(images, ["pixels"]) as [Tensor];
  expect(features.shape).toEqual([1, 12]);
  expectClose(features, values, {});
  // One pixel of the 2 x 2: the mean of the four.
  const [one] = createPixelFeatures({ size: 1 }).extract(images, ["pixels"]) as [Tensor];
  expectClose(one, [4.5 / 12, 5.5 / 12, 6.5 / 12], { relative: 1e-6 });
  dispose([images, features, one]);
  expect(() => own.extract(images, ["top"])).toThrow("expected some of pixels");
  expect(() => createPixelFeatures({ size: 0 })).toThrow(RangeError);
});

test("a random projection keeps squared distances in the mean and is the same for equal keys", () => {
  const images = seededImages("projection", 8, 12, 12);
  const project = (seed: number) => {
    const extractor = createRandomProjection(randomKey(seed), { inputSize: 12, featureSize: 2000 });
    const [features] = extractor.extract(images, ["projection"]) as [Tensor];
    const { weightHash } = extractor;
    extractor.dispose();
    return { features, weightHash };
  };
  const results = [project(1), project(1), project(2)];
  expect(results[0]!.features.shape).toEqual([8, 2000]);
  expect(Array.from(results[0]!.features.dataSync())).toEqual(Array.from(results[1]!.features.dataSync()));
  expect(results[0]!.weightHash).toBe(results[1]!.weightHash);
  expect(results[0]!.weightHash).not.toBe(results[2]!.weightHash);
  const squares = (x: Tensor) =>
    Array.from(tidy(() => sum(square(x), x.shape.map((_, axis) => axis).slice(1)).dataSync()));
  const expected = squares(images);
  // sqrt(2 / 2000) is 3 %: five deviations.
  squares(results[0]!.features).forEach((value, index) => {
    expect(Math.abs(value / expected[index]! - 1)).toBeLessThan(0.16);
  });
  dispose([images, ...results.map(({ features }) => features)]);
});

test("a discriminator's activations are features, and it stays alive and trainable", () => {
  const filter = tensor4d(
    Array.from({ length: 6 }, (_, index) => index - 2),
    [1, 1, 3, 2],
  );
  const discriminator: Discriminator<number> = {
    parameters: new Map(),
    buffers: new Map(),
    judge: (images, scale) => {
      const map = tidy(() => conv2d(mul(images, scale) as Tensor4D, filter, 1, "valid"));
      return { logits: [zeros([images.shape[0], 1])], features: [images.clone(), map] };
    },
    dispose: () => filter.dispose(),
  };
  const extractor = createDiscriminatorFeatures(discriminator, { name: "d", layerCount: 2, conditionFor: () => 2 });
  const images = seededImages("discriminator", 2, 4, 4);
  const [pooled, second] = extractor.extract(images, ["pooled", "features2"]) as [Tensor, Tensor4D];
  expect(second.shape).toEqual([2, 4, 4, 2]);
  const expected = mean(second, [1, 2]);
  expectClose(pooled, expected.dataSync(), { relative: 1e-6 });
  const gradient = tidy(() =>
    grad((x: Tensor) => sum(extractor.extract(asImageBatch(x as Tensor4D), ["pooled"])[0]!))(images),
  );
  // d/dx of the mean over 16 places of 2 x (weights -2 + -1, 0 + 1, 2 + 3).
  expectClose(gradient.dataSync().slice(0, 3), [-6 / 16, 2 / 16, 10 / 16], { relative: 1e-6 });
  extractor.dispose();
  expect(filter.isDisposed).toBe(false);
  dispose([images, pooled, second, expected, gradient]);
  discriminator.dispose();
});
