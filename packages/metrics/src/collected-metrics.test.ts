import { normalFloat64, randomKey } from "@divgen/random";
import { describe, expect, test } from "vitest";
import {
  createInceptionScore,
  createKernelDistance,
  createNeighbourMetrics,
  createVendiScore,
  inceptionScore,
  type MetricAccumulator,
  neighbourMetrics,
  subsetKernelDistance,
  vendiScore,
} from "./index.ts";

const provenance = { extractor: "pixels", weightHash: "none", resizeRule: "none", protocol: "custom", seed: 1 };
const COLUMNS = 4;
const rows = (seed: number, count: number) => ({
  values: normalFloat64(randomKey(seed), count * COLUMNS),
  rows: count,
  columns: COLUMNS,
});
const reference = rows(1, 60);
const generated = rows(2, 50);

/** Streams `generated` in two uneven batches through one array, after samples that are forgotten. */
function streamed(metric: MetricAccumulator<ReturnType<typeof rows>>) {
  metric.update(rows(3, 20));
  metric.reset();
  const buffer = new Float64Array(generated.values.length);
  for (const [from, to] of [
    [0, 17],
    [17, 50],
  ] as const) {
    const values = buffer.subarray(0, (to - from) * COLUMNS);
    values.set(generated.values.subarray(from * COLUMNS, to * COLUMNS));
    metric.update({ values, rows: to - from, columns: COLUMNS });
  }
  return metric.compute();
}

describe("streamed metrics equal the functions they are made of", () => {
  test("kernel distance", () => {
    const options = { key: randomKey(7), subsets: 5, subsetSize: 20 };
    const { value, standardDeviation } = subsetKernelDistance(generated, reference, options);
    const expected = {
      metric: "kernel-distance",
      value,
      count: 50,
      referenceCount: 60,
      details: { standardDeviation },
    };
    expect(streamed(createKernelDistance(reference, provenance, options))).toMatchObject([expected]);
  });
  test("inception score", () => {
    const { value, standardDeviation } = inceptionScore(generated, { splits: 3 });
    const expected = { metric: "inception-score", value, count: 50, details: { standardDeviation } };
    expect(streamed(createInceptionScore(provenance, { splits: 3 }))).toMatchObject([expected]);
  });
  test("precision, recall, density and coverage", () => {
    const values = neighbourMetrics(reference, generated, 3);
    const results = streamed(createNeighbourMetrics(reference, provenance, 3));
    expect(Object.fromEntries(results.map(({ metric, value }) => [metric, value]))).toEqual(values);
    expect(results[0]).toMatchObject({ count: 50, referenceCount: 60, details: { neighbours: 3 } });
  });
  test("Vendi score", () => {
    const expected = { metric: "vendi-score", value: vendiScore(generated, 2), count: 50 };
    expect(streamed(createVendiScore(provenance, 2))).toMatchObject([expected]);
  });
});

test("batches of another width, and no batch at all, are refused", () => {
  const metric = createVendiScore(provenance);
  expect(() => metric.compute()).toThrow(/expected at least one batch, got none/);
  metric.update(generated);
  expect(() => metric.update({ values: new Float64Array(6), rows: 2, columns: 3 })).toThrow(
    /expected 4 columns as in earlier batches, got 3/,
  );
});
