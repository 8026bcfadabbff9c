import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { dispose } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { renderCard } from "../src/card.ts";
import { defaultConfig, parseConfig } from "../src/config.ts";
import { augmentedBatch, epochOrder, type LabeledPictures, plainBatch } from "../src/data.ts";
import { mostFrequent, nearestNeighborAccuracy } from "../src/nearest-neighbors.ts";
import { colorStatistics } from "../src/objective.ts";

useReferenceBackend();
leakCheck();

const pictures: LabeledPictures = {
  classNames: ["a", "b"],
  pixels: Uint8Array.from({ length: 4 * 3072 }, (_, index) => (index * 37 + Math.floor(index / 3072) * 50) % 256),
  labels: Int32Array.of(0, 0, 1, 1),
};

describe("data", () => {
  test("augmentation moves and mirrors pixels, keeps their colours, and repeats for equal keys", () => {
    const indices = [0, 1, 2, 3];
    const [first, again, other] = [1, 1, 2].map((seed) => augmentedBatch(pictures, indices, randomKey(seed)));
    const plain = plainBatch(pictures, indices);
    expect(Array.from(first!.dataSync())).toEqual(Array.from(again!.dataSync()));
    expect(Array.from(first!.dataSync())).not.toEqual(Array.from(other!.dataSync()));
    // Every pixel of the result is a pixel of the same picture.
    const colors = (values: ArrayLike<number>, picture: number) =>
      Array.from({ length: 1024 }, (_, pixel) => {
        const start = picture * 3072 + pixel * 3;
        return `${values[start]},${values[start + 1]},${values[start + 2]}`;
      });
    const before = plain.dataSync();
    const after = first!.dataSync();
    for (const index of indices) {
      const known = new Set(colors(before, index));
      expect(colors(after, index).every((color) => known.has(color))).toBe(true);
    }
    dispose([first!, again!, other!, plain]);
  });
  test("an epoch sees every picture once, each epoch in its own order", () => {
    const many = { ...pictures, labels: new Int32Array(100) };
    const [first, second] = [0, 1].map((epoch) => Array.from(epochOrder(many, randomKey(3), epoch)));
    expect([...first!].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(first).not.toEqual(second);
  });
});

describe("colours", () => {
  test("colour statistics are mean and deviation of each channel", () => {
    const bytes = Uint8Array.from({ length: 3072 }, (_, index) => [0, 255, index % 2 === 0 ? 255 : 0][index % 3]!);
    const images = plainBatch({ classNames: ["a"], pixels: bytes, labels: Int32Array.of(0) }, [0]);
    const statistics = colorStatistics(images);
    expectClose(statistics, [-1, 1, 0, 0, 0, 1], { absolute: 2e-3 });
    dispose([images, statistics]);
  });
});

describe("nearest neighbours", () => {
  test("ties go to the nearer class", () => {
    expect(mostFrequent([3, 1, 1, 3, 2])).toBe(3);
    expect(mostFrequent([3, 1, 1])).toBe(1);
  });
  test("classify by direction, not by length", () => {
    const references = {
      values: Float32Array.of(1, 0, 2, 0.1, 0, 1, 0.1, 3),
      width: 2,
      labels: Int32Array.of(0, 0, 1, 1),
    };
    const queries = { values: Float32Array.of(10, 1, 0.01, 0.1, 1, 2), width: 2, labels: Int32Array.of(0, 1, 0) };
    expect(nearestNeighborAccuracy(references, queries, 2)).toBeCloseTo(2 / 3);
  });
});

test("the command line overrides settings and refuses what it does not know", () => {
  expect(parseConfig(["--epochs", "3", "--data", "x"])).toMatchObject({ epochs: 3, data: "x", seed: 7 });
  expect(() => parseConfig(["--epochs", "many"])).toThrow("--epochs: expected a number, got many");
  expect(() => parseConfig(["--epoch", "3"])).toThrow(/--epoch/);
});

test("the card states what was measured", () => {
  const card = renderCard(
    { ...defaultConfig, engine: { name: "native", description: "TensorFlow" } },
    {
      testAccuracy: 0.5,
      references: 5000,
      queries: 1000,
      extractors: [{ extractor: "x", layer: "y", nearestNeighbors: 0.25 }],
    },
    { sha256: "ab".repeat(32), size: 1234, parameters: 56789 },
  );
  expect(card).toContain("- x, y: 25.0 %");
  expect(card).toContain("50.0 % of the 10,000 test pictures");
  expect(card).toContain("ab".repeat(32));
  expect(card).toContain("56,789 parameters");
});
