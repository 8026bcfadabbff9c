import { normal, randomKey } from "@divgen/random";
import { bench, describe } from "vitest";
import { assignToClusters, kMeans } from "../src/index.ts";

describe.each([
  [2_000, 49, 10],
  [25_000, 512, 100],
])("%d rows x %d columns, %d clusters", (rows, columns, clusterCount) => {
  const data = { values: normal(randomKey(0), rows * columns), rows, columns };
  const centers = { values: data.values.subarray(0, clusterCount * columns), rows: clusterCount, columns };
  bench(
    "assign all rows once",
    () => {
      assignToClusters(data, centers);
    },
    { iterations: 2, warmupIterations: 1, time: 0 },
  );
  bench(
    "k-means from given centers, 10 iterations",
    () => {
      kMeans(data, clusterCount, { start: { centers }, maxIterations: 10, tolerance: 0 });
    },
    { iterations: 1, warmupIterations: 0, time: 0 },
  );
});
