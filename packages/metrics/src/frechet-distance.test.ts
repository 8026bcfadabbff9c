import type { RowMatrix } from "@divgen/clustering";
import { integers, normalFloat64, randomKey } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "./golden/distributions.json" with { type: "json" };
import {
  createStatisticsAccumulator,
  frechetDistance,
  frechetDistanceOfFeatures,
  meanAndCovariance,
  mergeShards,
  type StatisticsShard,
  statisticsOf,
  symmetricEigenvalues,
} from "./index.ts";

const matrixOf = ({ values, rows, columns }: { values: number[]; rows: number; columns: number }): RowMatrix => ({
  values: Float64Array.from(values),
  rows,
  columns,
});
const gaussianRows = (seed: number, rows: number, columns: number): RowMatrix<Float64Array> => ({
  values: normalFloat64(randomKey(seed), rows * columns),
  rows,
  columns,
});
const rowsOf = ({ values, columns }: RowMatrix, from: number, to: number): RowMatrix => ({
  values: values.subarray(from * columns, to * columns),
  rows: to - from,
  columns,
});

describe("eigenvalues", () => {
  test.each(golden.eigenvalues)("of a symmetric $n x $n matrix equal numpy's", ({ n, matrix, eigenvalues }) => {
    const scale = Math.max(...eigenvalues.map(Math.abs));
    expectClose(symmetricEigenvalues(Float64Array.from(matrix), n), eigenvalues, { absolute: 1e-14 * scale });
  });
  test("sum to the trace, their squares to the squared norm", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 1000 }), (n, seed) => {
        const a = normalFloat64(randomKey(seed), n * n);
        for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j]!;
        const eigenvalues = symmetricEigenvalues(a, n);
        const trace = Array.from({ length: n }, (_, i) => a[i * n + i]!).reduce((sum, value) => sum + value, 0);
        expect(Math.abs(eigenvalues.reduce((sum, value) => sum + value, 0) - trace)).toBeLessThan(1e-11);
        const squares = eigenvalues.reduce((sum, value) => sum + value ** 2, 0);
        expectClose([squares], [a.reduce((sum, value) => sum + value ** 2, 0)], { relative: 1e-12 });
      }),
      { seed: 4, numRuns: 40 },
    );
  });
  test("of rows that repeat many times are those of the rows, times the repeats, and zeros", () => {
    const [distinct, repeats] = [20, 10];
    // What elimination leaves of dependent rows shrinks step by step, here until its squares vanish.
    const product = (i: number, j: number): number => {
      let sum = 0;
      for (let at = 0; at < 30; at++) sum += Math.sin(1 + 31 * i + at * at) * Math.sin(1 + 31 * j + at * at);
      return sum;
    };
    const n = distinct * repeats;
    const gramOf = (size: number): Float64Array =>
      Float64Array.from({ length: size * size }, (_, at) =>
        product(Math.floor(at / size) % distinct, (at % size) % distinct),
      );
    const once = symmetricEigenvalues(gramOf(distinct), distinct);
    const expected = [...new Array(n - distinct).fill(0), ...once.map((value) => value * repeats)];
    expectClose(symmetricEigenvalues(gramOf(n), n), expected, { absolute: 1e-14 * expected.at(-1)! });
  });
  test("a zero matrix has zeros, a matrix with NaN is refused", () => {
    expect(Array.from(symmetricEigenvalues(new Float64Array(9), 3))).toEqual([0, 0, 0]);
    expect(() => symmetricEigenvalues(Float64Array.of(1, 0, Number.NaN, 1), 2)).toThrow(/got NaN at row 1, column 0/);
  });
});

describe("Frechet distance", () => {
  describe.each(golden.frechet)("$name", (expected) => {
    const first = matrixOf(expected.first);
    const second = matrixOf(expected.second);

    test("equals the exact value, from statistics and from features, both ways round", () => {
      const statistics = [meanAndCovariance(first), meanAndCovariance(second)] as const;
      const values = [
        frechetDistance(statistics[0], statistics[1]).value,
        frechetDistance(statistics[1], statistics[0]).value,
        frechetDistanceOfFeatures(first, second).value,
        frechetDistanceOfFeatures(second, first).value,
      ];
      expectClose(
        values,
        values.map(() => expected.value),
        { relative: 1e-9 },
      );
    });
    test("warns exactly when samples are fewer than features", () => {
      const { warnings } = frechetDistanceOfFeatures(first, second);
      const few = [first, second].filter(({ rows, columns }) => rows <= columns);
      expect(warnings).toHaveLength(few.length);
      for (const [index, { rows, columns }] of few.entries()) {
        expect(warnings[index]).toContain(
          `${rows} samples give a covariance of rank at most ${rows - 1} in ${columns} features`,
        );
      }
    });
  });

  test("equals pytorch-fid and torch-fidelity where the covariances have full rank", () => {
    const { first, second, pytorchFid, torchFidelity, mean, covariance } = golden.frechet[0]!;
    const statistics = meanAndCovariance(matrixOf(first));
    expectClose(statistics.mean, mean!, { relative: 1e-12, absolute: 1e-14 });
    expectClose(statistics.covariance, covariance!, { relative: 1e-12, absolute: 1e-14 });
    const { value } = frechetDistance(statistics, meanAndCovariance(matrixOf(second)));
    expectClose([value, value], [pytorchFid!, torchFidelity!], { relative: 1e-8 });
  });
  test("N(0, 1) and N(3, 4) are 9 + (1 - 2)^2 = 10 apart", () => {
    const at = (mean: number, variance: number) => ({
      mean: Float64Array.of(mean),
      covariance: Float64Array.of(variance),
      count: 100,
    });
    const { value, meanTerm, covarianceTerm } = frechetDistance(at(0, 1), at(3, 4));
    expectClose([value, meanTerm, covarianceTerm], [10, 9, 1], { relative: 1e-14 });
  });
  test.each([
    [50, 8],
    [6, 30],
  ])("of a set to itself is 0: %d samples, %d features", (rows, columns) => {
    const data = gaussianRows(2, rows, columns);
    const statistics = meanAndCovariance(data);
    expect(frechetDistance(statistics, statistics).value).toBeLessThan(1e-6);
    expect(frechetDistanceOfFeatures(data, data).value).toBeLessThan(1e-6);
  });
  test("is symmetric and grows with the square of a common scale", () => {
    const [a, b] = [gaussianRows(5, 20, 4), gaussianRows(6, 30, 4)];
    const scaled = (m: RowMatrix<Float64Array>) => ({ ...m, values: m.values.map((value) => 3 * value) });
    const base = frechetDistanceOfFeatures(a, b).value;
    expectClose([frechetDistanceOfFeatures(scaled(a), scaled(b)).value], [9 * base], { relative: 1e-10 });
  });
  test("a set without any variance gives the other's trace and the mean term", () => {
    const constant: RowMatrix = { values: new Float64Array(8).fill(1), rows: 4, columns: 2 };
    const other: RowMatrix = { values: Float64Array.of(0, 0, 2, 0), rows: 2, columns: 2 };
    // Means (1, 1) and (1, 0); trace of the other: 2.
    expectClose([frechetDistanceOfFeatures(constant, other).value], [3], { relative: 1e-12 });
    expectClose([frechetDistance(meanAndCovariance(constant), meanAndCovariance(other)).value], [3], {
      relative: 1e-12,
    });
  });
  test("samples that repeat give the same from features and from statistics", () => {
    const columns = 320;
    const valueAt = (_: unknown, at: number) =>
      Math.sin(1 + 31 * (Math.floor(at / columns) % 20) + (at % columns) ** 2);
    const repeated = { values: Float64Array.from({ length: 200 * columns }, valueAt), rows: 200, columns };
    const other = gaussianRows(9, 50, columns);
    const { value } = frechetDistanceOfFeatures(repeated, other);
    const fromStatistics = frechetDistance(meanAndCovariance(repeated), meanAndCovariance(other)).value;
    expectClose([value], [fromStatistics], { relative: 1e-7 });
  });
  test("too few samples, unlike widths, NaN and infinity are clear errors", () => {
    const good = gaussianRows(1, 5, 3);
    const withNaN = { ...good, values: good.values.map((value, index) => (index === 7 ? Number.NaN : value)) };
    expect(() => meanAndCovariance(rowsOf(good, 0, 1))).toThrow(/at least 2 rows for a covariance, got 1/);
    expect(() => frechetDistanceOfFeatures(good, rowsOf(good, 0, 1))).toThrow(/second: expected at least 2 samples/);
    expect(() => frechetDistanceOfFeatures(good, gaussianRows(1, 5, 4))).toThrow(/second: expected 3 features, got 4/);
    expect(() => frechetDistanceOfFeatures(good, withNaN)).toThrow(/second: expected finite values, got NaN in row 2/);
    expect(() => meanAndCovariance(withNaN)).toThrow(/features: expected finite values, got NaN in row 2, column 1/);
    const statistics = meanAndCovariance(good);
    const broken = { ...statistics, mean: Float64Array.of(0, Number.POSITIVE_INFINITY, 0) };
    expect(() => frechetDistance(statistics, broken)).toThrow(/second: expected finite statistics, got Infinity at 1/);
    expect(() => frechetDistance(statistics, { ...statistics, count: 1 })).toThrow(
      /second: expected at least 2 samples/,
    );
  });
});

describe("statistics of shards", () => {
  const width = 3;
  const data = gaussianRows(9, 2700, width);
  const whole = meanAndCovariance(data);
  const shardOf = (from: number, to: number, batch: number): StatisticsShard => {
    const accumulator = createStatisticsAccumulator(width, from);
    for (let row = from; row < to; row += batch) accumulator.update(rowsOf(data, row, Math.min(to, row + batch)));
    return accumulator.shard();
  };

  test("agree with a two-pass computation", () => {
    const { values, rows } = data;
    for (let i = 0; i < width; i++) {
      const mean = values.filter((_, at) => at % width === i).reduce((sum, value) => sum + value, 0) / rows;
      expect(whole.mean[i]).toBeCloseTo(mean, 13);
      let variance = 0;
      for (let row = 0; row < rows; row++) variance += (values[row * width + i]! - mean) ** 2;
      expect(whole.covariance[i * width + i]).toBeCloseTo(variance / (rows - 1), 12);
    }
  });
  test("keep their precision far from the origin", () => {
    const moved = meanAndCovariance({ ...data, values: data.values.map((value) => value + 1e6) });
    expectClose(moved.covariance, whole.covariance, { absolute: 1e-8 });
  });
  test("merge to the bits of one pass for any cuts and batch sizes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 2699 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 900 }),
        (cuts, batch) => {
          const bounds = [0, ...new Set(cuts), 2700].sort((a, b) => a - b);
          const shards = bounds.slice(1).map((end, index) => shardOf(bounds[index]!, end, batch));
          expect(statisticsOf(shards.reduce(mergeShards))).toEqual(whole);
          // The order of merging is free as long as neighbours are merged.
          expect(statisticsOf(shards.reduceRight((right, left) => mergeShards(left, right)))).toEqual(whole);
        },
      ),
      { seed: 5, numRuns: 60 },
    );
  });
  test("that do not meet, or lack the beginning, are refused", () => {
    expect(() => mergeShards(shardOf(0, 10, 10), shardOf(11, 20, 10))).toThrow(
      /second: expected to begin at row 10, got 11/,
    );
    expect(() => statisticsOf(shardOf(5, 20, 10))).toThrow(/shard: expected to begin at row 0, got 5/);
  });
  test("an accumulator counts, resets and refuses another width", () => {
    const accumulator = createStatisticsAccumulator(width);
    accumulator.update(rowsOf(data, 0, 4));
    expect(accumulator.count).toBe(4);
    expect(() => accumulator.update(gaussianRows(1, 2, 4))).toThrow(/features: expected 3 columns, got 4/);
    accumulator.reset();
    expect(accumulator.count).toBe(0);
    accumulator.update(data);
    expect(accumulator.compute()).toEqual(whole);
  });
});

test("600 features from 40 samples, as real photographs give, are done exactly", () => {
  const [a, b] = [gaussianRows(1, 40, 600), gaussianRows(2, 55, 600)];
  const picked = integers(randomKey(3), 600, 0, 5);
  for (const { values } of [a, b]) values.set(values.map((value, at) => value * (1 + picked[at % 600]!)));
  const direct = frechetDistanceOfFeatures(a, b).value;
  const fromStatistics = frechetDistance(meanAndCovariance(a), meanAndCovariance(b)).value;
  expectClose([fromStatistics], [direct], { relative: 1e-9 });
});
