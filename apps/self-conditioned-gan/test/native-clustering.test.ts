import { EngineError, selectEngine } from "@divgen/backend-node";
import { kMeans } from "@divgen/clustering";
import { normal, randomKey } from "@divgen/random";
import { leakCheck } from "@divgen/tensor-testing";
import { createTensorCenterSearch } from "@divgen/training";
import { describe, expect, it } from "vitest";

const isNative = await selectEngine("native").then(
  () => true,
  (error: unknown) => {
    if (error instanceof EngineError) return false;
    throw error;
  },
);

/** Clouds of unlike spread around `clusters` points far from the origin, so that some rows lie between centers. */
function clouds(rows: number, columns: number, clusters: number): Float32Array {
  const noise = normal(randomKey(1), rows * columns);
  const places = normal(randomKey(2), clusters * columns, { mean: 20, standardDeviation: 2 });
  return Float32Array.from(noise, (value, index) => {
    const row = Math.floor(index / columns);
    return value * (1 + (row % 3)) + places[(row % clusters) * columns + (index % columns)]!;
  });
}

describe.skipIf(!isNative)("k-means on the native engine", () => {
  leakCheck();

  it.each([Float32Array, Float64Array])("has the bits of k-means without an engine, rows in %o", (Values) => {
    const [rows, columns] = [4000, 70];
    const data = { values: Values.from(clouds(rows, columns, 30)), rows, columns };
    const options = { start: { key: randomKey(3) }, restarts: 2 };
    const found = kMeans(data, 40, { ...options, search: createTensorCenterSearch() });
    expect(found.iterations).toBeGreaterThan(3);
    expect(found).toEqual(kMeans(data, 40, options));
  });
});
