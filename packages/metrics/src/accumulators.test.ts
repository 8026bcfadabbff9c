import { normalFloat64, randomKey } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import {
  binsFromArrays,
  binsToArrays,
  compareBins,
  countInBins,
  createBinMetrics,
  createBins,
  createFrechetDistance,
  frechetDistance,
  meanAndCovariance,
  statisticsFromArrays,
  statisticsToArrays,
} from "./index.ts";

const provenance = { extractor: "pixels", weightHash: "none", resizeRule: "none", protocol: "custom", seed: 1 };
const rows = (seed: number, count: number, columns: number) => ({
  values: normalFloat64(randomKey(seed), count * columns),
  rows: count,
  columns,
});
const part = ({ values, columns }: ReturnType<typeof rows>, from: number, to: number) => ({
  values: values.subarray(from * columns, to * columns),
  rows: to - from,
  columns,
});

describe("streamed metrics equal the functions they are made of", () => {
  const training = rows(1, 120, 4);
  const generated = rows(2, 90, 4);

  test("Frechet distance", () => {
    const reference = meanAndCovariance(training);
    const metric = createFrechetDistance(reference, provenance);
    metric.update(rows(3, 50, 4));
    metric.reset();
    metric.update(part(generated, 0, 31));
    metric.update(part(generated, 31, 90));
    const expected = frechetDistance(meanAndCovariance(generated), reference);
    const { meanTerm, covarianceTerm } = expected;
    expect(metric.compute()).toEqual([
      {
        metric: "frechet-distance",
        value: expected.value,
        higherIsBetter: false,
        count: 90,
        referenceCount: 120,
        ...provenance,
        details: { meanTerm, covarianceTerm },
        warnings: [],
      },
    ]);
  });
  test("NDB and JSD", () => {
    const bins = createBins(training, { key: randomKey(5), binCount: 6, whitening: true });
    const metric = createBinMetrics(bins, provenance);
    metric.update(rows(3, 50, 4));
    metric.reset();
    metric.update(part(generated, 0, 31));
    metric.update(part(generated, 31, 90));
    const { ndb, jsd } = compareBins(bins.counts, countInBins(bins, generated));
    const results = metric.compute();
    expect(results.map(({ metric: name, value }) => [name, value])).toEqual([
      ["ndb", ndb],
      ["ndb-share", ndb / 6],
      ["jsd", jsd],
    ]);
    expect(results[0]).toMatchObject({ count: 90, referenceCount: 120, details: { bins: 6, dimensions: 4 }, seed: 1 });
  });
});

describe("saved arrays", () => {
  test("restore statistics and bins exactly", () => {
    const statistics = meanAndCovariance(rows(1, 30, 3));
    expect(statisticsFromArrays(statisticsToArrays(statistics))).toEqual(statistics);
    const bins = createBins(rows(1, 50, 3), { key: randomKey(0), binCount: 4, whitening: true, dimensions: 2 });
    expect(binsFromArrays(binsToArrays(bins))).toEqual(bins);
  });
  test("files of pytorch-fid, which have no count, give the same distance, also without full rank", () => {
    const [a, b] = [meanAndCovariance(rows(1, 8, 20)), meanAndCovariance(rows(2, 6, 20))];
    const withoutCount = (statistics: typeof a) => {
      const arrays = new Map(statisticsToArrays(statistics));
      arrays.delete("n");
      return statisticsFromArrays(arrays);
    };
    const expected = frechetDistance(a, b).value;
    expectClose([frechetDistance(withoutCount(a), withoutCount(b)).value], [expected], { relative: 1e-9 });
    expectClose([frechetDistance(a, withoutCount(b)).value], [expected], { relative: 1e-9 });
  });
  test("are refused when one is missing or misshapen", () => {
    const arrays = new Map(statisticsToArrays(meanAndCovariance(rows(1, 30, 3))));
    arrays.set("sigma", { shape: [9], values: new Float64Array(9) });
    expect(() => statisticsFromArrays(arrays)).toThrow(/sigma: expected shape \[3, 3\], got \[9\]/);
    arrays.delete("mu");
    expect(() => statisticsFromArrays(arrays)).toThrow(/mu: expected this array, got only sigma, n/);
  });
});
