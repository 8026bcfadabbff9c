import { normalFloat64, randomKey } from "@divgen/random";
import { bench, describe } from "vitest";
import { frechetDistance, meanAndCovariance, neighbourMetrics, symmetricEigenvalues } from "../src/index.ts";

const rowsOf = (seed: number, rows: number, columns: number) => ({
  values: normalFloat64(randomKey(seed), rows * columns),
  rows,
  columns,
});
const once = { iterations: 1, warmupIterations: 0, time: 0, warmupTime: 0 };

describe.each([512, 2048])("%d features", (columns) => {
  const features = rowsOf(0, columns + 200, columns);
  const first = meanAndCovariance(features);
  const second = meanAndCovariance(rowsOf(1, columns + 200, columns));
  bench("mean and covariance of as many rows and 200", () => void meanAndCovariance(features), once);
  bench("symmetric eigenvalues", () => void symmetricEigenvalues(first.covariance, columns), once);
  bench("Frechet distance of statistics", () => void frechetDistance(first, second), once);
});

describe.each([500, 1000])("%d real and generated samples of 512 features", (rows) => {
  const real = rowsOf(2, rows, 512);
  const generated = rowsOf(3, rows, 512);
  bench("precision, recall, density, coverage", () => void neighbourMetrics(real, generated, 5), once);
});
