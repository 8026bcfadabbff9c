import { type Dataset, type FeatureExtractor, fromUint8, type ImageBatch } from "@divgen/core-tensors";
import { type PairedExample, toImageBatch } from "@divgen/datasets";
import { pixelImage } from "@divgen/image-files";
import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { concat, mean, relu, slice, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { evaluatePairedGenerator, type PairedEvaluation } from "./evaluate-paired-generator.ts";

await useReferenceBackend();

/** Two kinds of 2 x 2 images: dark reddish and bright bluish, in shares 3 to 1. */
function example(index: number): PairedExample {
  const bright = index % 4 === 3;
  const pixels = Uint8Array.from({ length: 12 }, (_, byte) => {
    const channel = byte % 3;
    return (bright ? [10, 40, 240] : [60, 5, 15])[channel]! + ((index * 7 + byte * 3) % 5);
  });
  const image = pixelImage(pixels, { width: 2, height: 2, channels: 3 });
  return { name: String(index), input: image, target: image };
}
const dataset = (size: number): Dataset<PairedExample> => ({
  name: "two kinds",
  size,
  load: async (index) => example(index),
});

/** One map, and its mean over positions: perceptual distances can be computed by hand. */
const extractor: FeatureExtractor = {
  name: "colours",
  weightHash: "none",
  resizeRule: "none",
  layers: ["stage1", "pooled"],
  extract: (images, layers) =>
    layers.map((layer): Tensor => (layer === "stage1" ? images.clone() : mean(images, [1, 2]))),
  dispose: () => undefined,
};

const base: Omit<PairedEvaluation, "generate"> = {
  train: dataset(16),
  test: dataset(4),
  extractor,
  inputs: 4,
  samplesPerInput: 4,
  pairsPerInput: 6,
  bins: { binCount: 2, whitening: false },
  protocol: "test",
  seed: 3,
  key: randomKey(3),
};
const valuesOf = (results: Awaited<ReturnType<typeof evaluatePairedGenerator>>) =>
  Object.fromEntries(results.map(({ metric, value }) => [metric, value]));

describe("evaluatePairedGenerator", () => {
  leakCheck();

  test("a generator that makes the training images has no distance to them", async () => {
    const results = await evaluatePairedGenerator({
      ...base,
      generate: (_input, count, _key, index) =>
        toImageBatch(Array.from({ length: count }, (_, sample) => example(count * index + sample).target)),
    });
    const values = valuesOf(results);
    expect(values["frechet-distance"]).toBeCloseTo(0, 8);
    expect(values["ndb"]).toBe(0);
    expect(values["jsd"]).toBeCloseTo(0, 12);
    expect(results.map(({ count, protocol, seed }) => [count, protocol, seed])).toEqual(
      Array.from({ length: 4 }, () => [16, "test", 3]),
    );
    expect(results[0]!.referenceCount).toBe(16);
  });

  test("a generator of one kind misses a bin, and repeats itself", async () => {
    const seen: number[] = [];
    const results = await evaluatePairedGenerator({
      ...base,
      generate: (_input, count) => toImageBatch(Array.from({ length: count }, () => example(0).target)),
      observe: ({ images, input }) => {
        expect(images.shape).toEqual([4, 2, 2, 3]);
        seen.push(input);
      },
    });
    const values = valuesOf(results);
    // Shares (3/4, 1/4) against (1, 0), in nats.
    const half = [7 / 8, 1 / 8];
    const jsd = (0.75 * Math.log(0.75 / half[0]!) + 0.25 * Math.log(0.25 / half[1]!) + Math.log(1 / half[0]!)) / 2;
    expect(values["jsd"]).toBeCloseTo(jsd, 10);
    expect(values["pairwise-distance"]).toBe(0);
    expect(values["frechet-distance"]).toBeGreaterThan(0.1);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test("distances are of pairs of one input", async () => {
    // Two images an input with orthogonal colours: unit vectors a and b have |a - b|^2 = 2 at every place.
    const red = fromUint8(Uint8Array.from([255, 128, 128]), { batch: 1, height: 1, width: 1, channels: 3 });
    const green = fromUint8(Uint8Array.from([128, 255, 128]), { batch: 1, height: 1, width: 1, channels: 3 });
    const results = await evaluatePairedGenerator({
      ...base,
      samplesPerInput: 2,
      pairsPerInput: 5,
      extractor: { ...extractor, extract: (images, layers) => layers.map(() => aboveGrey(images)) },
      train: tiny(4),
      test: tiny(2),
      inputs: 2,
      generate: () => concat([red, green], 0) as ImageBatch,
    });
    red.dispose();
    green.dispose();
    expect(valuesOf(results)["pairwise-distance"]).toBeCloseTo(2, 5);
  });
});

/** The first two channels above grey: [1, 0] for red, [0, 1] for green. */
function aboveGrey(images: ImageBatch): Tensor {
  return tidy(() => relu(sub(slice(images, [0, 0, 0, 0], [-1, -1, -1, 2]), 0.01)));
}

function tiny(size: number): Dataset<PairedExample> {
  const load = async (index: number): Promise<PairedExample> => {
    const image = pixelImage(Uint8Array.from([200 - index, 10 * index, 3]), { width: 1, height: 1, channels: 3 });
    return { name: String(index), input: image, target: image };
  };
  return { name: "colours", size, load };
}
