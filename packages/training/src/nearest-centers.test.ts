import { assignToClusters } from "@divgen/clustering";
import { normal, normalFloat64, randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { argMax, sum, tensor2d, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createNearestCenters } from "./nearest-centers.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(8);

test.each([0, 1000])("codes are those of k-means' assignment, data at %d", (offset) => {
  const centers = {
    values: normalFloat64(key.split("centers"), 9 * 6, { mean: offset }),
    rows: 9,
    columns: 6,
  };
  const rows = { values: normal(key.split("rows"), 200 * 6, { mean: offset }), rows: 200, columns: 6 };
  const nearest = createNearestCenters(centers);
  tidy(() => {
    const codes = nearest.codes(tensor2d(rows.values, [200, 6]));
    expect(codes.shape).toEqual([200, 9]);
    expect(new Set(sum(codes, 1).dataSync())).toEqual(new Set([1]));
    expect(Array.from(argMax(codes, 1).dataSync())).toEqual(Array.from(assignToClusters(rows, centers).labels));
  });
  nearest.dispose();
});

test("of equally near centers the first counts", () => {
  const nearest = createNearestCenters({ values: Float64Array.of(1, 0, 1, 0, -1, 0), rows: 3, columns: 2 });
  tidy(() => {
    expect(Array.from(nearest.codes(tensor2d([5, 5, -5, 1], [2, 2])).dataSync())).toEqual([1, 0, 0, 0, 0, 1]);
  });
  nearest.dispose();
});
