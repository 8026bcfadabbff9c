import { type CenterSearch, kMeans } from "@divgen/clustering";
import { normal, randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { expect, test } from "vitest";
import { createTensorCenterSearch } from "./tensor-center-search.ts";

useReferenceBackend();
leakCheck();

const data = (mean: number) => ({
  values: normal(randomKey(5), 1500 * 24, { mean }),
  rows: 1500,
  columns: 24,
});

test.each([0, 300])("k-means has the same bits with and without it, data at %d", (mean) => {
  const search = createTensorCenterSearch();
  const rows = data(mean);
  const options = { start: { key: randomKey(2) }, restarts: 2 };
  expect(kMeans(rows, 7, { ...options, search })).toEqual(kMeans(rows, 7, options));
});

test("one cluster needs no search", () => {
  const rows = data(1);
  const options = { start: { key: randomKey(2) }, restarts: 1 };
  expect(kMeans(rows, 1, { ...options, search: createTensorCenterSearch() })).toEqual(kMeans(rows, 1, options));
});

test("rows between centers, which float32 cannot decide, are decided exactly", () => {
  // All rows on the plane between two centers, moved by less than float32 sees at this distance from the mean.
  const rows = data(0);
  for (let row = 0; row < rows.rows; row++) rows.values[row * 24] = row % 2 === 0 ? 1e-6 : -1e-6;
  const centers = { values: new Float64Array(48), rows: 2, columns: 24 };
  centers.values[0] = 3;
  centers.values[24] = -3;
  const options = { start: { centers }, maxIterations: 1 };
  const exact = kMeans(rows, 2, options);
  expect(kMeans(rows, 2, { ...options, search: createTensorCenterSearch() })).toEqual(exact);
  // A search that is always wrong, and knows nothing, changes nothing.
  const wrong: CenterSearch = {
    prepare: ({ rows: count }) => ({
      nearest: () => ({ labels: new Int32Array(count).fill(1), margins: new Float32Array(count).fill(Number.NaN) }),
      dispose: () => undefined,
    }),
  };
  expect(kMeans(rows, 2, { ...options, search: wrong })).toEqual(exact);
});
