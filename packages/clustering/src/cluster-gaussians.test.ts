import { normalFloat64, randomKey } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import golden from "./golden/scikit-learn.json" with { type: "json" };
import { clusterGaussians, fitClusterGaussians, mahalanobisDistance, type RowMatrix } from "./index.ts";

const matrix = (values: ArrayLike<number>, rows: number, columns: number): RowMatrix<Float64Array> => ({
  values: Float64Array.from(values),
  rows,
  columns,
});

describe.each(golden.gaussians)("Gaussians per cluster, $name", (expected) => {
  const data = matrix(expected.data, expected.rows, expected.columns);
  const gaussians = clusterGaussians(data, expected.labels, expected.clusters.length);

  test("select the features that numpy selects", () => {
    expect(Array.from(gaussians.featureIndices)).toEqual(expected.featureIndices);
  });
  test.each(expected.clusters.map((cluster, index) => ({ index, ...cluster })))(
    "cluster $index equals numpy",
    ({ index, center, covariance, inverseCovariance, conditionNumber, mahalanobisOfFirstRow }) => {
      const cluster = gaussians.clusters[index]!;
      expectClose(cluster.center, center, { relative: 1e-12, absolute: 1e-12 });
      expectClose(
        cluster.selectedCenter,
        expected.featureIndices.map((feature) => center[feature]!),
        { relative: 1e-12 },
      );
      expectClose(cluster.covariance, covariance, { relative: 1e-10, absolute: 1e-12 });
      // An inverse is known to the condition number times the rounding of its matrix.
      expectClose(cluster.inverseCovariance, inverseCovariance, {
        absolute: 1e-14 * conditionNumber * Math.max(...inverseCovariance.map(Math.abs)),
      });
      expectClose([cluster.conditionNumber], [conditionNumber], { relative: 1e-12 * conditionNumber });
      expect(cluster.raisedEigenvalues).toBe(0);
      const row = data.values.subarray(0, data.columns);
      expectClose([mahalanobisDistance(gaussians, index, row)], [mahalanobisOfFirstRow], { relative: 1e-9 });
    },
  );
});

describe("safe inverses", () => {
  test("an eigenvalue of zero is raised to 1e-6 of the mean eigenvalue, and said so", () => {
    // The second feature is twice the first: eigenvalues 0 and 5 var(x) = 5.
    const data = matrix([-1, -2, 0, 0, 1, 2], 3, 2);
    const cluster = clusterGaussians(data, [0, 0, 0], 1).clusters[0]!;
    expect(cluster.raisedEigenvalues).toBe(1);
    expect(cluster.conditionNumber).toBeGreaterThan(1e14);
    // Mean eigenvalue 2.5, floor 2.5e-6; (2, -1) / sqrt(5) is the null direction, so (2, -1) has distance sqrt(5 / 2.5e-6).
    const gaussians = clusterGaussians(data, [0, 0, 0], 1);
    expectClose([mahalanobisDistance(gaussians, 0, [2, -1])], [Math.sqrt(5 / 2.5e-6)], { relative: 1e-9 });
    // Along the data: (1, 2) has squared norm 5, eigenvalue 5.
    expectClose([mahalanobisDistance(gaussians, 0, [1, 2])], [1], { relative: 1e-9 });
  });
  test("shrinkage adds its share of the mean eigenvalue", () => {
    const data = matrix([-1, -2, 0, 0, 1, 2], 3, 2);
    const gaussians = clusterGaussians(data, [0, 0, 0], 1, { shrinkage: 0.01 });
    expectClose([mahalanobisDistance(gaussians, 0, [2, -1])], [Math.sqrt(5 / 0.025)], { relative: 1e-9 });
  });
  test("the whitening factor squares to the inverse covariance", () => {
    const expected = golden.gaussians[0]!;
    const { clusters } = clusterGaussians(matrix(expected.data, expected.rows, expected.columns), expected.labels, 3);
    const { whiteningFactor, inverseCovariance, selectedCenter } = clusters[1]!;
    const m = selectedCenter.length;
    const product = inverseCovariance.map((_, at) => {
      let sum = 0;
      for (let k = 0; k < m; k++)
        sum += whiteningFactor[k * m + Math.floor(at / m)]! * whiteningFactor[k * m + (at % m)]!;
      return sum;
    });
    expectClose(product, inverseCovariance, { relative: 1e-12, absolute: 1e-14 });
  });
  test("clusters that are too small or of equal rows are refused by number", () => {
    const data = matrix([1, 2, 3, 4, 5], 5, 1);
    expect(() => clusterGaussians(data, [0, 0, 0, 1, 1], 2)).toThrow(
      /at least 3 rows in every cluster, got clusters 1 \(2\)/,
    );
    expect(() => clusterGaussians(matrix([1, 2, 3, 7, 7, 7], 6, 1), [0, 0, 0, 1, 1, 1], 2)).toThrow(
      /equal rows in cluster 1/,
    );
    expect(() => clusterGaussians(data, [0, 0, 0, 0, 2], 2)).toThrow(
      /labels: expected integers in \[0, 2\), got 2 at row 4/,
    );
  });
});

describe("fitting", () => {
  test("finds clusters and their Gaussians in one go", () => {
    const noise = normalFloat64(randomKey(1), 120 * 2, { standardDeviation: 0.3 });
    const data = matrix(
      noise.map((value, index) => value + 5 * (Math.floor(index / 2) % 3)),
      120,
      2,
    );
    const fitted = fitClusterGaussians(data, 3, { key: randomKey(2) });
    expect(fitted.attempt).toBe(0);
    expect(Array.from(fitted.partition.counts)).toEqual([40, 40, 40]);
    expect(fitted.clusters.map(({ count }) => count)).toEqual([40, 40, 40]);
  });
  test("tries other partitions when the first has a cluster that is too small", () => {
    // Ten restarts always set the pair at 9 apart; a single one sometimes splits the large groups instead.
    const values = [...Array.from({ length: 12 }, (_, i) => i * 0.5), 40, 41, 42, 43.5, 52, 53.2];
    const fitted = fitClusterGaussians(matrix(values, values.length, 1), 3, { key: randomKey(3) });
    expect(fitted.attempt).toBeGreaterThan(0);
    expect(Math.min(...fitted.partition.counts)).toBeGreaterThanOrEqual(3);
  });
  test("gives up with advice when no partition serves", () => {
    const data = matrix([0, 0.1, 0.2, 100, 100.1, 1000], 6, 1);
    expect(() => fitClusterGaussians(data, 3, { key: randomKey(0), attempts: 4 })).toThrow(
      /clusters of at least 3 rows; in 4 partitions of 6 rows into 3 the smallest had at most 1: use fewer clusters/,
    );
  });
});
