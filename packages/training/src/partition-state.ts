import type { ClusterPartition, ReclusteringRecord } from "./cluster-partition.ts";
import type { SavedArray } from "./objective.ts";

type Saved = Readonly<Record<string, SavedArray>>;

/** Columns of the saved history, in this order; NaN stands for null. */
const COLUMNS = [
  "step",
  "driftBeforeMatching",
  "driftAfterMatching",
  "starvedClusters",
  "iterations",
  "inertia",
] as const satisfies readonly (keyof ReclusteringRecord)[];

/** Copies of a partition and its history as checkpoints hold them: "centers", "labels", "history". */
export function capturePartition(partition: ClusterPartition, history: readonly ReclusteringRecord[]): Saved {
  const { values, rows, columns } = partition.centers;
  const table = history.flatMap((record) => COLUMNS.map((column) => record[column] ?? Number.NaN));
  return {
    centers: { shape: [rows, columns], values: values.slice() },
    labels: { shape: [partition.labels.length], values: partition.labels.slice() },
    history: { shape: [history.length, COLUMNS.length], values: Float64Array.from(table) },
  };
}

/**
 * The inverse of `capturePartition`.
 *
 * @throws RangeError if an array is missing, or the centers are of another number of clusters.
 */
export function restorePartition(
  saved: Saved,
  clusterCount: number,
): { partition: ClusterPartition; history: ReclusteringRecord[] } {
  const [centers, labels, history] = ["centers", "labels", "history"].map((name) => {
    const array = saved[name];
    if (array === undefined) throw new RangeError(`saved clusters: expected an array "${name}", got none`);
    return array;
  }) as [SavedArray, SavedArray, SavedArray];
  const [rows = 0, columns = 0] = centers.shape;
  if (rows !== clusterCount) throw new RangeError(`saved clusters: expected ${clusterCount} centers, got ${rows}`);
  return {
    partition: {
      centers: { values: Float64Array.from(centers.values), rows, columns },
      labels: Int32Array.from(labels.values),
    },
    history: Array.from({ length: history.shape[0] ?? 0 }, (_, row) => recordAt(history.values, row)),
  };
}

function recordAt(table: ArrayLike<number>, row: number): ReclusteringRecord {
  const [step, before, after, starvedClusters, iterations, inertia] = COLUMNS.map(
    (_, column) => table[row * COLUMNS.length + column]!,
  ) as [number, number, number, number, number, number];
  const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    step,
    driftBeforeMatching: orNull(before),
    driftAfterMatching: orNull(after),
    starvedClusters,
    iterations,
    inertia,
  };
}
