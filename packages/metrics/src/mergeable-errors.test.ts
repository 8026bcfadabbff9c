import { normalFloat64, randomKey } from "@divgen/random";
import { describe, expect, test } from "vitest";
import {
  createBinMetrics,
  createBins,
  createImageSimilarity,
  createMixtureCoverage,
  createModeCounts,
  createPairwiseDiversity,
  createPartitionAgreement,
  createPerceptualDistance,
  type FeatureMapPair,
  type ImagePair,
  meanOfPairs,
} from "./index.ts";

const provenance = { extractor: "pixels", weightHash: "none", resizeRule: "none", protocol: "custom" };
const key = randomKey(3);
const normals = (label: string, count: number) => normalFloat64(key.split(label), count);
const means = { values: Float64Array.of(0, 0, 2, 2), rows: 2, columns: 2 };
const pictures = Array.from({ length: 6 }, (_, index): ImagePair => {
  const size = { height: 12, width: 12, channels: 3 };
  return { first: normals(`first ${index}`, 432), second: normals(`second ${index}`, 432), ...size };
});
const maps = (which: string) => [
  { values: normals(`${which} a`, 12), height: 2, width: 2, channels: 3 },
  { values: normals(`${which} b`, 5), height: 1, width: 1, channels: 5 },
];
const activations: FeatureMapPair = { first: maps("first"), second: maps("second") };

describe("a batch with an error", () => {
  test("names the pair and leaves what was taken in as it was", () => {
    const metric = createImageSimilarity("psnr", provenance, { range: 2 });
    metric.update(pictures.slice(0, 4));
    const before = metric.compute();
    const broken = {
      ...pictures[5]!,
      second: Float64Array.from(pictures[5]!.second, (v, at) => (at === 7 ? Number.NaN : v)),
    };
    expect(() => metric.update([pictures[4]!, broken])).toThrow(
      /pairs\[1\]: second: expected finite values, got NaN at index 7; leave it out or mend/,
    );
    expect(metric.compute()).toEqual(before);
  });
  test("is one with images that do not fit, are too small, or a range that is no width", () => {
    const refuse =
      (metric: "ssim" | "ms-ssim", pair: ImagePair, range = 2) =>
      () =>
        createImageSimilarity(metric, provenance, { range }).update([pair]);
    expect(refuse("ssim", { ...pictures[0]!, width: 11 })).toThrow(/^first: expected 12 x 11 x 3 values/);
    expect(refuse("ms-ssim", pictures[0]!)).toThrow(/sides of at least 176 pixels, got 12 x 12/);
    expect(refuse("ssim", pictures[0]!, Number.POSITIVE_INFINITY)).toThrow(/range: expected a number > 0, got Inf/);
  });
  test("is one with activations that are not finite", () => {
    const metric = createPerceptualDistance(provenance);
    const broken = { ...activations.first[1]!, values: [0, Number.POSITIVE_INFINITY, 0, 0, 0] };
    const pair = { first: [activations.first[0]!, broken], second: activations.second };
    expect(() => metric.update([pair])).toThrow(/^first, layer 1: expected finite values, got Infinity at index 1/);
    expect(() => createPerceptualDistance(provenance, [[1, 1, 1]]).update([activations])).toThrow(
      /heads: expected 2 layers, got 1/,
    );
  });
  test("is one with distances or conditions that are none", () => {
    const metric = createPairwiseDiversity(provenance);
    const refused =
      (condition: number, ...values: number[]) =>
      () =>
        metric.update([{ condition, distances: values }]);
    expect(refused(3, 0.1, Number.NaN)).toThrow(/distances: expected finite numbers >= 0, got NaN for condition 3/);
    expect(refused(3)).toThrow(/distances: expected pairs for condition 3, got none/);
    expect(refused(1.5, 1)).toThrow(/condition: expected an integer >= 0, got 1.5/);
  });
  test("is one with points of another width or labels out of range", () => {
    const mixture = createMixtureCoverage({ means, standardDeviation: 1 }, provenance, { rule: "disc" });
    expect(() => mixture.update({ values: new Float64Array(6), rows: 2, columns: 3 })).toThrow(
      /points: expected 2 coordinates as the means have, got 3/,
    );
    expect(() => mixture.update({ values: Float64Array.of(1, Number.NaN), rows: 1, columns: 2 })).toThrow(
      /points: expected finite values/,
    );
    const counts = createModeCounts(4, provenance);
    expect(() => counts.update([0, 4])).toThrow(/labels: expected integers in \[0, 4\), got 4 at sample 1/);
    expect(() => createModeCounts(0, provenance)).toThrow(/modeCount: expected an integer >= 1, got 0/);
    expect(() => createMixtureCoverage({ means, standardDeviation: 0 }, provenance, { rule: "box" })).toThrow(
      /standardDeviation: expected a finite number > 0, got 0/,
    );
  });
  test("is one with classes and clusters that do not match, or numbers no table holds", () => {
    const metric = createPartitionAgreement(provenance);
    const refused = (ofClasses: number[], ofClusters: number[]) => () =>
      metric.update({ classes: ofClasses, clusters: ofClusters });
    expect(refused([0, 1], [0])).toThrow(/clusters: expected 2 numbers, one for each class, got 1/);
    expect(refused([0, -1], [0, 0])).toThrow(/classes: expected integers >= 0, got -1 at row 1/);
    expect(refused([4e9], [1])).toThrow(/at most 134217728 cells, got 4000000001 x 2; number both from 0/);
  });
});

test("states of another metric are refused", () => {
  const counts = createModeCounts(4, provenance);
  const training = { values: normals("training", 100), rows: 50, columns: 2 };
  const bins = createBins(training, { key, binCount: 5, whitening: true });
  expect(() => counts.merge(new Float64Array(5))).toThrow(/state: expected 4 modes, got 5; merge states of one metric/);
  expect(() => createBinMetrics(bins, provenance).merge(new Int32Array(4))).toThrow(/state: expected 5 bins, got 4/);
});

test("means of pairs need a pair, and numbers", () => {
  expect(meanOfPairs([1, 3])).toEqual({ value: 2, standardDeviation: 1, pairCount: 2, infiniteCount: 0 });
  expect(() => meanOfPairs([])).toThrow(/values: expected at least one pair, got none/);
  expect(() => meanOfPairs([1, Number.NaN])).toThrow(/values: expected numbers, got NaN for pair 1/);
});
