import { integers, normalFloat64, permutation, randomKey } from "@divgen/random";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "./golden/scikit-learn.json" with { type: "json" };
import { matchClusters, minimumCostAssignment, partitionDrift, relabel } from "./index.ts";

describe.each(golden.assignments)("assignment of $rows x $columns", ({ rows, columns, costs, assignment, total }) => {
  test("equals scipy.optimize.linear_sum_assignment", () => {
    const received = Array.from(minimumCostAssignment({ values: Float64Array.from(costs), rows, columns }));
    expect(received).toEqual(assignment);
    const cost = received.reduce((sum, column, row) => sum + costs[row * columns + column]!, 0);
    expect(cost).toBeCloseTo(total, 9);
  });
});

test("no sampled permutation costs less", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 6 }), (seed, n) => {
      const values = normalFloat64(randomKey(seed), n * n);
      const cost = (columns: ArrayLike<number>) =>
        Array.from(columns).reduce((sum, column, row) => sum + values[row * n + column]!, 0);
      const best = cost(minimumCostAssignment({ values, rows: n, columns: n }));
      for (let draw = 0; draw < 20; draw++) {
        expect(best).toBeLessThanOrEqual(cost(permutation(randomKey(seed).fold(draw), n)) + 1e-12);
      }
    }),
    { seed: 3, numRuns: 50 },
  );
});

describe("matching partitions", () => {
  test("undoes a renumbering", () => {
    const old = integers(randomKey(1), 300, 0, 12);
    const renumbering = permutation(randomKey(2), 12);
    const renumbered = relabel(old, renumbering);
    const matched = relabel(renumbered, matchClusters(renumbered, old, 12));
    expect(partitionDrift(old, renumbered)).toBeGreaterThan(0.5);
    expect(partitionDrift(old, matched)).toBe(0);
  });
  test("gives a permutation even when clusters are empty or vanish", () => {
    const mapping = matchClusters([0, 0, 0, 1], [2, 2, 2, 2], 4);
    expect(mapping[0]).toBe(2);
    expect(Array.from(mapping).sort()).toEqual([0, 1, 2, 3]);
  });
  test("drift is the share of changed labels", () => {
    expect(partitionDrift([0, 1, 1, 2], [0, 1, 2, 2])).toBe(0.25);
  });
  test.each([Number.NaN, Number.POSITIVE_INFINITY])("a cost of %d is refused before the search", (cost) => {
    expect(() => minimumCostAssignment({ values: Float64Array.of(1, 2, cost, 4), rows: 2, columns: 2 })).toThrow(
      /costs: expected finite numbers, got .* at row 1, column 0/,
    );
  });
  test("a missing cost and labels that do not fit are refused", () => {
    expect(() => minimumCostAssignment({ values: Float64Array.of(1, 2, 3), rows: 2, columns: 2 })).toThrow(
      /got undefined at row 1/,
    );
    expect(() => minimumCostAssignment({ values: Float64Array.of(1, 2), rows: 2, columns: 1 })).toThrow(
      /as many columns as rows/,
    );
    expect(() => matchClusters([0, 1], [0], 2)).toThrow(/newLabels: expected 1 labels, got 2/);
    expect(() => relabel([0, 2], [1, 0])).toThrow(/labels: expected integers in \[0, 2\), got 2 at row 1/);
    expect(() => partitionDrift([], [])).toThrow(/at least 1/);
  });
});
