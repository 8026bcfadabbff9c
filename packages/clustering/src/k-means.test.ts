import { normalFloat64, randomKey } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import fc from "fast-check";
import { kmeans as mlKMeans } from "ml-kmeans";
import { describe, expect, test } from "vitest";
import golden from "./golden/scikit-learn.json" with { type: "json" };
import {
  assignToClusters,
  createOnlineKMeans,
  inducedCenters,
  kMeans,
  miniBatchKMeans,
  type RowMatrix,
} from "./index.ts";

const matrix = (values: ArrayLike<number>, rows: number, columns: number): RowMatrix<Float64Array> => ({
  values: Float64Array.from(values),
  rows,
  columns,
});
const gaussianRows = (seed: number, rows: number, columns: number) =>
  matrix(normalFloat64(randomKey(seed), rows * columns), rows, columns);

describe.each(golden.lloyd)("from given centers, $name", (expected) => {
  const data = matrix(expected.data, expected.rows, expected.columns);
  const centers = matrix(expected.initialCenters, expected.clusters, expected.columns);

  test("equals scikit-learn in labels, centers and inertia", () => {
    const { maxIterations } = expected;
    const result = kMeans(data, expected.clusters, { start: { centers }, maxIterations });
    expect(Array.from(result.labels)).toEqual(expected.labels);
    expectClose(result.centers.values, expected.centers, { relative: 1e-10, absolute: 1e-10 });
    expectClose([result.inertia], [expected.inertia], { relative: 1e-9 });
    expect(result.counts.reduce((sum, count) => sum + count)).toBe(expected.rows);
    expect(result.converged).toBe(maxIterations > 1);
  });

  test("is the same for float32 values that hold the same numbers", () => {
    const single = { ...data, values: Float32Array.from(data.values) };
    const double = { ...data, values: Float64Array.from(single.values) };
    const start = { centers };
    expect(kMeans(single, expected.clusters, { start })).toEqual(kMeans(double, expected.clusters, { start }));
  });
});

test("blocked distances give what ml-kmeans gives", () => {
  // 41,000 values: above the size that the package itself leaves to ml-kmeans.
  const data = gaussianRows(5, 4100, 10);
  const rows = Array.from({ length: 4100 }, (_, row) => Array.from(data.values.subarray(row * 10, row * 10 + 10)));
  const centers = matrix(rows.slice(0, 7).flat(), 7, 10);
  const ours = kMeans(data, 7, { start: { centers }, tolerance: 0, maxIterations: 40 });
  const theirs = mlKMeans(rows, 7, { initialization: rows.slice(0, 7), maxIterations: 40, tolerance: 0 });
  // Ours labels once more at the end; theirs belong to the centers before the last movement.
  expectClose(ours.centers.values, theirs.centroids.flat(), { absolute: 1e-10 });
});

describe("with draws from a key", () => {
  const { data: values, rows, columns, clusters, inertia } = golden.restarts;
  const data = matrix(values, rows, columns);

  test("ten restarts reach the inertia of fifty of scikit-learn", () => {
    expectClose([kMeans(data, clusters, { start: { key: randomKey(1) } }).inertia], [inertia], { relative: 1e-9 });
  });
  test("one key gives one result, another key other draws", () => {
    const run = (seed: number) =>
      kMeans(data, clusters, { start: { key: randomKey(seed) }, restarts: 1, maxIterations: 1 });
    expect(run(3)).toEqual(run(3));
    expect(run(3).centers.values).not.toEqual(run(4).centers.values);
  });
  test("greedy k-means++ starts within a third of the optimum, random rows do not", () => {
    // Eight blobs 0.6 wide: random rows miss some blob almost surely.
    let worst = 0;
    for (let seed = 0; seed < 10; seed++) {
      const started = kMeans(data, clusters, { start: { key: randomKey(seed) }, restarts: 1, maxIterations: 1 });
      worst = Math.max(worst, started.inertia / inertia);
    }
    expect(worst).toBeLessThan(1.34);
  });
  test("more iterations never raise the inertia", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 6 }), (seed, k) => {
        const points = gaussianRows(seed, 40, 3);
        let previous = Number.POSITIVE_INFINITY;
        for (const maxIterations of [1, 2, 4, 30]) {
          const start = { centers: matrix(points.values.subarray(0, k * 3), k, 3) };
          const result = kMeans(points, k, { start, maxIterations, tolerance: 0 });
          expect(result.inertia).toBeLessThanOrEqual(previous * (1 + 1e-12));
          previous = result.inertia;
        }
      }),
      { seed: 2, numRuns: 30 },
    );
  });
});

describe("edge cases", () => {
  test("as many clusters as rows: every row is its own center", () => {
    const result = kMeans(gaussianRows(1, 5, 2), 5, { start: { key: randomKey(0) } });
    expect(result.inertia).toBeCloseTo(0, 12);
    expect(Array.from(result.counts)).toEqual([1, 1, 1, 1, 1]);
  });
  test("fewer distinct rows than clusters: inertia 0, the surplus clusters are empty", () => {
    const result = kMeans(matrix([1, 1, 1, 2, 2, 2], 6, 1), 4, { start: { key: randomKey(0) } });
    expect(result.inertia).toBe(0);
    expect(Array.from(result.counts).sort()).toEqual([0, 0, 3, 3]);
    expect(result.centers.values.every(Number.isFinite)).toBe(true);
  });
  test("of equally near centers the first wins", () => {
    expect(Array.from(assignToClusters(matrix([0], 1, 1), matrix([1, -1], 2, 1)).labels)).toEqual([0]);
  });
  test("assignments do not depend on how many rows are asked for at once", () => {
    const data = gaussianRows(8, 101, 6);
    const centers = gaussianRows(9, 11, 6);
    const all = assignToClusters(data, centers);
    for (const row of [0, 31, 32, 64, 100]) {
      const one = assignToClusters(matrix(data.values.subarray(row * 6, row * 6 + 6), 1, 6), centers);
      expect(one.labels[0]).toBe(all.labels[row]);
      expect(one.squaredDistances[0]).toBe(all.squaredDistances[row]);
    }
  });
  test.each<[RegExp, () => unknown]>([
    [/data: expected finite values, got NaN in row 1, column 0/, () => fit(matrix([1, 2, Number.NaN, 4], 2, 2), 1)],
    [/data: expected finite values, got Infinity/, () => fit(matrix([1, Number.POSITIVE_INFINITY], 2, 1), 1)],
    [/clusterCount: expected at most the number of rows, 2, got 3/, () => fit(matrix([1, 2], 2, 1), 3)],
    [/clusterCount: expected an integer >= 1, got 0/, () => fit(matrix([1, 2], 2, 1), 0)],
    [/data: expected 2 x 2 = 4 values, got 3/, () => fit(matrix([1, 2, 3], 2, 2), 1)],
    [/data: expected at least one row/, () => fit(matrix([], 0, 2), 1)],
    [
      /centers: expected 2 columns as the data have, got 1/,
      () => kMeans(gaussianRows(1, 4, 2), 1, { start: { centers: matrix([1], 1, 1) } }),
    ],
    [
      /centers: expected 2 rows, got 1/,
      () => kMeans(gaussianRows(1, 4, 2), 2, { start: { centers: matrix([1, 1], 1, 2) } }),
    ],
  ])("%s", (message, run) => expect(run).toThrow(message));
  function fit(data: RowMatrix, clusterCount: number) {
    return kMeans(data, clusterCount, { start: { key: randomKey(0) } });
  }
});

describe("centers that follow batches", () => {
  test("online k-means over batches equals scikit-learn's partial_fit", () => {
    const { data: values, rows, columns, clusters, batchSize, initialCenters, centers } = golden.miniBatches;
    const data = matrix(values, rows, columns);
    const online = createOnlineKMeans(matrix(initialCenters, clusters, columns));
    for (let row = 0; row < rows; row += batchSize) {
      online.update(matrix(data.values.subarray(row * columns, (row + batchSize) * columns), batchSize, columns));
    }
    expectClose(online.centers.values, centers, { relative: 1e-10 });
    expect(online.counts.reduce((sum, count) => sum + count)).toBe(rows);
  });
  test("the first row that a center takes in replaces it, and saved state goes on the same", () => {
    const online = createOnlineKMeans(matrix([0, 10], 2, 1));
    expect(Array.from(online.update(matrix([1, 3], 2, 1)).labels)).toEqual([0, 0]);
    expect(Array.from(online.centers.values)).toEqual([2, 10]);
    const resumed = createOnlineKMeans(online.centers, online.counts);
    online.update(matrix([5], 1, 1));
    resumed.update(matrix([5], 1, 1));
    expect(resumed.centers.values).toEqual(online.centers.values);
    expect(resumed.centers.values[0]).toBeCloseTo(3, 12);
  });
  test("mini-batch k-means comes near the inertia of k-means and depends on its key alone", () => {
    const { data: values, rows, columns, clusters, inertia } = golden.restarts;
    const data = matrix(values, rows, columns);
    const run = (seed: number) => miniBatchKMeans(data, clusters, { key: randomKey(seed), batchSize: 60, steps: 40 });
    expect(run(1).inertia / inertia).toBeLessThan(1.05);
    expect(run(1)).toEqual(run(1));
  });
  test("induced centers are the means of an old partition; a starved label takes a row", () => {
    const data = matrix([1, 3, 10, 20], 4, 1);
    const centers = inducedCenters(data, [0, 0, 2, 2], 3, randomKey(4));
    expect(centers.values[0]).toBe(2);
    expect(centers.values[2]).toBe(15);
    expect(Array.from(data.values)).toContain(centers.values[1]);
    expect(() => inducedCenters(data, [0, 0, 3, 2], 3, randomKey(4))).toThrow(
      /labels: expected integers in \[0, 3\), got 3 at row 2/,
    );
  });
});
