import { normal, randomKey } from "@divgen/random";
import { expect, test } from "vitest";
import { assignRows } from "./assign-to-clusters.ts";
import { distancesToOwn } from "./block-distances.ts";
import { columnMeans } from "./row-matrix.ts";

test("the distance to a row's own center has the bits that it has among all distances", () => {
  const [rows, columns] = [700, 33];
  const data = { values: normal(randomKey(1), rows * columns, { mean: 3 }), rows, columns };
  const centers = { values: Float64Array.from(normal(randomKey(2), 9 * columns, { mean: 3 })), rows: 9, columns };
  const shift = columnMeans(data);
  const { labels, squaredDistances } = assignRows(data, centers, shift);
  expect(distancesToOwn(data, labels, centers, shift)).toEqual(squaredDistances);
});
