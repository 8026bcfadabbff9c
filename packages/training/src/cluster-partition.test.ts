import { assignToClusters } from "@divgen/clustering";
import { normalFloat64, type RandomKey, randomKey } from "@divgen/random";
import { describe, expect, test } from "vitest";
import { type PartitionOptions, partitionAgain } from "./cluster-partition.ts";

const key = randomKey(5);
const paper: PartitionOptions = { clusterCount: 4, startAtInducedMeans: true, renameAfterOld: true };

/** 40 rows around four far corners of a square: row i belongs to corner i % 4. */
function corners(from: RandomKey, move = 0) {
  const noise = normalFloat64(from, 80, { standardDeviation: 0.1 });
  const values = noise.map((value, index) => {
    const corner = (index >> 1) % 4;
    return value + move + 10 * (index % 2 === 0 ? corner & 1 : corner >> 1);
  });
  return { values, rows: 40, columns: 2 };
}

/** Names of the corners: row i has name names[i % 4]. */
const named = (names: readonly number[]) => Int32Array.from({ length: 40 }, (_, row) => names[row % 4]!);

const strays = (labels: Int32Array) => {
  const moved = labels.slice();
  for (const row of [0, 5, 10]) moved[row] = (moved[row]! + 1) % 4;
  return moved;
};

describe("a first clustering", () => {
  test("finds the groups, and has no drift", () => {
    const { partition, record } = partitionAgain(corners(key), null, key, paper);
    const names = Array.from(partition.labels.slice(0, 4));
    expect([...names].sort()).toEqual([0, 1, 2, 3]);
    expect(partition.labels).toEqual(named(names));
    expect(record).toMatchObject({ driftBeforeMatching: null, driftAfterMatching: null, starvedClusters: 0 });
  });
});

describe("clustering again", () => {
  const old = strays(named([2, 0, 3, 1]));

  test.each([
    ["from induced means", paper],
    ["from k-means++ with renaming", { ...paper, startAtInducedMeans: false }],
    ["from induced means without renaming", { ...paper, renameAfterOld: false }],
  ])("%s keeps the numbers of the groups, in centers and labels alike", (_, options) => {
    const features = corners(key.split("moved"), 3);
    const { partition, record } = partitionAgain(features, old, key, options);
    expect(partition.labels).toEqual(named([2, 0, 3, 1]));
    expect(assignToClusters(features, partition.centers).labels).toEqual(partition.labels);
    expect(record.driftAfterMatching).toBeCloseTo(3 / 40, 12);
  });

  test("from k-means++ without renaming forgets the numbers", () => {
    const options = { ...paper, startAtInducedMeans: false, renameAfterOld: false };
    const records = [0, 1, 2, 3].map((index) => partitionAgain(corners(key), old, key.fold(index), options).record);
    expect(Math.max(...records.map(({ driftAfterMatching }) => driftAfterMatching!))).toBeGreaterThan(0.4);
    for (const record of records) expect(record.driftAfterMatching).toBe(record.driftBeforeMatching);
  });

  test("renaming lowers the drift", () => {
    const options = { ...paper, startAtInducedMeans: false };
    const records = [0, 1, 2, 3].map((index) => partitionAgain(corners(key), old, key.fold(index), options).record);
    expect(Math.max(...records.map(({ driftBeforeMatching }) => driftBeforeMatching!))).toBeGreaterThan(0.4);
    for (const record of records) expect(record.driftAfterMatching).toBeCloseTo(3 / 40, 12);
  });

  test("gives a cluster without members a sample to start from", () => {
    const starved = named([2, 0, 2, 0]);
    const { partition, record } = partitionAgain(corners(key), starved, key, paper);
    expect(record.starvedClusters).toBe(2);
    expect(new Set(partition.labels).size).toBeGreaterThan(2);
    expect(Array.from(partition.centers.values).every(Number.isFinite)).toBe(true);
  });

  test("needs the samples of the last time", () => {
    expect(() => partitionAgain(corners(key), old.slice(1), key, paper)).toThrow(
      "samples: expected the 39 of the last clustering, got 40",
    );
  });
});
