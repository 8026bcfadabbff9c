import { randomKey } from "@divgen/random";
import { describe, expect, test } from "vitest";
import { pairDistances, pairsOf, pairwiseDiversity } from "./index.ts";

describe("pairs", () => {
  test("MSGAN: as many random pairs as asked, never of a sample with itself", () => {
    const pairs = pairsOf(50, { rule: "random", pairCount: 2000, key: randomKey(1) });
    expect(pairs).toHaveLength(2000);
    expect(pairs.every(([a, b]) => a !== b && a >= 0 && b >= 0 && a < 50 && b < 50)).toBe(true);
    // Every ordered pair is equally likely: 2450 of them.
    const secondAbove = pairs.filter(([a, b]) => b > a).length;
    expect(Math.abs(secondAbove - 1000)).toBeLessThan(120);
    expect(pairsOf(50, { rule: "random", pairCount: 5, key: randomKey(1) })).toEqual(pairs.slice(0, 5));
  });
  test("BicycleGAN: 38 samples make 19 disjoint pairs", () => {
    const pairs = pairsOf(38, { rule: "consecutive" });
    expect(pairs).toHaveLength(19);
    expect(new Set(pairs.flat()).size).toBe(38);
    expect(pairsOf(3, { rule: "consecutive" })).toEqual([[0, 1]]);
  });
  test("all pairs, once each", () => {
    expect(pairsOf(3, { rule: "all" })).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ]);
  });
  test("one sample has no pair", () => {
    expect(() => pairsOf(1, { rule: "all" })).toThrow(/sampleCount: expected an integer >= 2, got 1/);
    expect(() => pairsOf(4, { rule: "random", pairCount: 0, key: randomKey(0) })).toThrow(/pairCount/);
  });
});

describe("mean distances", () => {
  test("average within conditions first, then over them", () => {
    // Means 1 and 4: not the mean of the five numbers.
    expect(pairwiseDiversity([[1, 1, 1, 1], [4]])).toEqual({
      value: 2.5,
      standardDeviation: 1.5,
      conditionCount: 2,
      pairCount: 5,
    });
  });
  test("Euclidean distances of feature vectors", () => {
    const features = { values: Float32Array.of(0, 0, 3, 4, 3, 0), rows: 3, columns: 2 };
    expect(
      Array.from(
        pairDistances(features, [
          [0, 1],
          [1, 2],
          [2, 2],
        ]),
      ),
    ).toEqual([5, 4, 0]);
    expect(() => pairDistances(features, [[0, 3]])).toThrow(/pairs: expected sample numbers in \[0, 3\), got 3/);
  });
  test("no condition, no pair or a bad distance are refused", () => {
    expect(() => pairwiseDiversity([])).toThrow(/at least one condition/);
    expect(() => pairwiseDiversity([[1], []])).toThrow(/pairs for condition 1, got none/);
    expect(() => pairwiseDiversity([[Number.NaN]])).toThrow(/got NaN for condition 0/);
  });
});
