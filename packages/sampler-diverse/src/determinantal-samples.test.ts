import { randomKey } from "@divgen/random";
import { Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { determinantalSampler, drawDiverse, standardNormal } from "./index.ts";
import { drawDeterminantalSet } from "./samplers/determinantal.ts";

const key = randomKey(5);

describe("determinantal samples", () => {
  // Similarities of five places on a line.
  const places = [0, 0.2, 1, 1.5, 3];
  const similarities = new Matrix(places.map((x) => places.map((y) => Math.exp(-((x - y) ** 2)))));

  test("have the probabilities of the determinants (chi-squared test over all pairs)", () => {
    const weights = new Map<string, number>();
    for (let first = 0; first < 5; first++) {
      for (let second = first + 1; second < 5; second++) {
        weights.set(`${first},${second}`, 1 - similarities.get(first, second) ** 2);
      }
    }
    const total = [...weights.values()].reduce((sum, weight) => sum + weight);
    const draws = 4_000;
    const counts = new Map<string, number>();
    for (let draw = 0; draw < draws; draw++) {
      const set = drawDeterminantalSet(similarities, 2, key.fold(draw)).sort().join(",");
      counts.set(set, (counts.get(set) ?? 0) + 1);
    }
    let chiSquared = 0;
    for (const [set, weight] of weights) {
      const expected = (draws * weight) / total;
      chiSquared += ((counts.get(set) ?? 0) - expected) ** 2 / expected;
    }
    // Nine degrees of freedom: 27.9 is exceeded once in a thousand.
    expect(chiSquared).toBeLessThan(27.9);
  });
  test("of everything are everything; more than can be told apart are an error", () => {
    expect(Array.from(drawDeterminantalSet(similarities, 5, key)).sort()).toEqual([0, 1, 2, 3, 4]);
    expect(() => drawDeterminantalSet(Matrix.ones(4, 4), 2, key)).toThrow(/at least 2 distinguishable draws, got 1/);
  });
  test("of many points are distinct", () => {
    const sampler = determinantalSampler({ bandwidth: 0.3 });
    const { values } = drawDiverse(standardNormal(3), 50, { key, sampler }).points;
    expect(new Set(Array.from({ length: 50 }, (_, row) => values[3 * row]!)).size).toBe(50);
  });
});
