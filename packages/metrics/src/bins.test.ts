import type { RowMatrix } from "@divgen/clustering";
import { normal, normalFloat64, randomKey } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import { binsOfPartition } from "./bins.ts";
import golden from "./golden/distributions.json" with { type: "json" };
import { assignToBins, compareBins, countInBins, createBins, jensenShannonDivergence } from "./index.ts";
import { standardNormalTail } from "./normal-distribution.ts";

const matrixOf = ({ values, rows, columns }: { values: number[]; rows: number; columns: number }) => ({
  values: Float64Array.from(values),
  rows,
  columns,
});

describe("comparison of bins by the rule of gans-n-gmms", () => {
  const expected = golden.bins;
  const bins = {
    centers: matrixOf(expected.centers),
    dimensions: Int32Array.from(expected.dimensions),
    shift: Float64Array.from(expected.shift),
    scale: Float64Array.from(expected.scale),
    counts: Int32Array.from(expected.trainingCounts),
  };

  test("assigns samples as numpy does, scaled and in the used dimensions", () => {
    expect(Array.from(countInBins(bins, matrixOf(expected.training)))).toEqual(expected.trainingCounts);
    expect(Array.from(countInBins(bins, matrixOf(expected.generated)))).toEqual(expected.generatedCounts);
  });
  test("has the z scores, NDB and JSD of scipy", () => {
    const comparison = compareBins(expected.trainingCounts, expected.generatedCounts);
    expectClose(
      comparison.bins.map(({ zScore }) => zScore),
      expected.zScores,
      { relative: 1e-12, absolute: 1e-12 },
    );
    expect(comparison.ndb).toBe(expected.ndb);
    expect(comparison.ndb).toBeGreaterThan(0);
    expectClose([comparison.jsd], [expected.jsd], { relative: 1e-10 });
    const strict = compareBins(expected.trainingCounts, expected.generatedCounts, { zThreshold: 4 });
    expect(strict.ndb).toBe(expected.ndbAt4);
  });
  test("the normal tail equals scipy's", () => {
    expectClose(golden.normalTail.z.map(standardNormalTail), golden.normalTail.tail, { relative: 1e-12 });
  });
  test("400 against 5000 samples: a pooled share of 5% differs beyond 1.96 * 0.01133 = 0.0222", () => {
    // Pooled (28 + 242) / 5400 = 0.05; differences of 0.0216 and 0.0243.
    expect(compareBins([28, 372], [242, 4758]).bins[0]!.different).toBe(false);
    expect(compareBins([29, 371], [241, 4759]).bins[0]!.different).toBe(true);
  });
  test("bins empty on both sides never differ; disjoint histograms have JSD ln 2", () => {
    expect(compareBins([5, 0, 5], [5, 0, 5])).toMatchObject({ ndb: 0, jsd: 0 });
    expect(jensenShannonDivergence([1, 0], [0, 1])).toBeCloseTo(Math.LN2, 14);
  });
  test("impossible histograms are refused", () => {
    expect(() => compareBins([1, 2], [1])).toThrow(/generatedCounts: expected 2 bins, got 1/);
    expect(() => compareBins([1, 2], [0, 0])).toThrow(/generatedCounts: expected at least one sample/);
    expect(() => compareBins([1, -2], [1, 1])).toThrow(/got -2 at bin 1/);
    expect(() => jensenShannonDivergence([0.5, 0.4], [0.5, 0.5])).toThrow(/p: expected shares that sum to 1, got 0.9/);
  });
});

describe("bins from training samples", () => {
  // Three groups of 90, 60 and 30, far apart in three dimensions whose scale is tiny beside the fourth's.
  const rows = 180;
  const noise = normalFloat64(randomKey(1), rows * 4);
  const group = (row: number) => (row % 6 < 3 ? 0 : row % 6 < 5 ? 1 : 2);
  const samples: RowMatrix<Float64Array> = {
    values: noise.map((value, at) => (at % 4 === 3 ? value : 1e-3 * (value * 0.1 + 10 * group(at >> 2)))),
    rows,
    columns: 4,
  };
  const options = { key: randomKey(2), binCount: 3 };

  test("whitening decides which dimensions count", () => {
    expect(Array.from(createBins(samples, { ...options, whitening: true }).counts)).toEqual([90, 60, 30]);
    expect(Array.from(createBins(samples, { ...options, whitening: false }).counts)).not.toEqual([90, 60, 30]);
  });
  test("the training set against its own bins has NDB 0 and JSD 0", () => {
    const bins = createBins(samples, { ...options, whitening: true });
    expect(compareBins(bins.counts, countInBins(bins, samples))).toMatchObject({ ndb: 0, jsd: 0 });
  });
  test("a generator that drops a group is found out", () => {
    const bins = createBins(samples, { ...options, whitening: true });
    const kept = Array.from({ length: rows }, (_, row) => row).filter((row) => group(row) !== 2);
    const values = Float64Array.from(kept.flatMap((row) => Array.from(samples.values.subarray(row * 4, row * 4 + 4))));
    const comparison = compareBins(bins.counts, countInBins(bins, { values, rows: kept.length, columns: 4 }));
    expect(comparison.ndb).toBeGreaterThanOrEqual(1);
    expect(comparison.bins[2]).toMatchObject({ generatedShare: 0, different: true });
  });
  test("a key fixes the bins; wide data use a sixth of the dimensions, or as many as asked", () => {
    const wide = { values: normal(randomKey(3), 40 * 1200), rows: 40, columns: 1200 };
    const make = (seed: number) => createBins(wide, { key: randomKey(seed), binCount: 4, whitening: true });
    expect(make(1)).toEqual(make(1));
    expect(make(1).dimensions).toHaveLength(200);
    expect(make(1).dimensions).not.toEqual(make(2).dimensions);
    expect(new Set(make(1).dimensions).size).toBe(200);
    const all = createBins(wide, { ...options, whitening: false, dimensions: "all" });
    expect(all.dimensions).toHaveLength(1200);
    expect(createBins(wide, { ...options, whitening: false, dimensions: 7 }).dimensions).toHaveLength(7);
    expect(() => createBins(wide, { ...options, whitening: false, dimensions: 1201 })).toThrow(/dimensions: expected/);
  });
  test("whitening adds 1e-6 to the population standard deviation", () => {
    const constant = { values: Float64Array.of(1, 5, 3, 5), rows: 2, columns: 2 };
    const bins = createBins(constant, { key: randomKey(0), binCount: 1, whitening: true });
    expectClose(bins.shift, [2, 5], {});
    expectClose(bins.scale, [1 + 1e-6, 1e-6], { relative: 1e-12 });
  });
  test("bins are sorted by size and hold means in all dimensions", () => {
    const data = { values: Float64Array.of(0, 1, 10, 3, 12, 5), rows: 3, columns: 2 };
    const scaling = { shift: new Float64Array(2), scale: new Float64Array(2).fill(1) };
    const bins = binsOfPartition(data, [1, 2, 2], 3, Int32Array.of(0), scaling);
    expect(Array.from(bins.counts)).toEqual([2, 1]);
    expect(Array.from(bins.centers.values)).toEqual([11, 4, 0, 1]);
    expect(Array.from(assignToBins(bins, data))).toEqual([1, 0, 0]);
  });
  test("samples of another width are refused", () => {
    const bins = createBins(samples, { ...options, whitening: true });
    expect(() => countInBins(bins, { ...samples, rows: 720, columns: 1 })).toThrow(
      /expected 4 dimensions as the bins have, got 1/,
    );
  });
});
