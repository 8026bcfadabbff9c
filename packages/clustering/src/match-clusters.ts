import munkres from "munkres-js";
import { assertLabels, type RowMatrix } from "./row-matrix.ts";

/**
 * The assignment of rows to columns that minimises the total cost, each column used at most once (Hungarian method).
 *
 * @param costs - finite numbers; at least as many columns as rows.
 * @returns the column of each row.
 * @throws RangeError for a cost that is missing or not finite (munkres-js would loop or answer wrongly), or too few columns.
 * @see Kuhn 1955, Munkres 1957; computed by munkres-js.
 */
export function minimumCostAssignment(costs: RowMatrix): Int32Array {
  const { values, rows, columns } = costs;
  if (columns < rows)
    throw new RangeError(`costs: expected at least as many columns as rows, got ${rows} x ${columns}`);
  const matrix = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => {
      const cost = values[row * columns + column];
      if (cost === undefined || !Number.isFinite(cost)) {
        throw new RangeError(`costs: expected finite numbers, got ${cost} at row ${row}, column ${column}`);
      }
      return cost;
    }),
  );
  const assignment = new Int32Array(rows).fill(-1);
  for (const [row, column] of munkres(matrix)) if (row < rows) assignment[row] = column;
  return assignment;
}

/** overlap[new * clusterCount + old]: rows that have both labels. */
export function overlapCounts(
  newLabels: ArrayLike<number>,
  oldLabels: ArrayLike<number>,
  clusterCount: number,
): RowMatrix<Float64Array> {
  assertLabels(newLabels, oldLabels.length, clusterCount, "newLabels");
  assertLabels(oldLabels, oldLabels.length, clusterCount, "oldLabels");
  const values = new Float64Array(clusterCount * clusterCount);
  for (let row = 0; row < oldLabels.length; row++) values[newLabels[row]! * clusterCount + oldLabels[row]!]!++;
  return { values, rows: clusterCount, columns: clusterCount };
}

/**
 * Numbers new clusters like the old ones that they overlap most: the permutation with the largest total overlap.
 *
 * @param newLabels - labels of the rows in the new partition, in [0, clusterCount).
 * @param oldLabels - labels of the same rows in the old one.
 * @returns mapping[new cluster] = old cluster, a permutation. Apply it with `relabel`.
 * @throws RangeError for labels out of range or lists of unlike length.
 * @see Liu et al., "Diverse Image Generation via Self-Conditioned GANs", CVPR 2020, eq. 4.
 */
export function matchClusters(
  newLabels: ArrayLike<number>,
  oldLabels: ArrayLike<number>,
  clusterCount: number,
): Int32Array {
  const overlap = overlapCounts(newLabels, oldLabels, clusterCount);
  const total = oldLabels.length;
  return minimumCostAssignment({ ...overlap, values: overlap.values.map((count) => total - count) });
}

/** Labels renamed by a mapping of clusters: result[row] = mapping[labels[row]]. */
export function relabel(labels: ArrayLike<number>, mapping: ArrayLike<number>): Int32Array {
  assertLabels(labels, labels.length, mapping.length, "labels");
  return Int32Array.from(labels, (label) => mapping[label]!);
}

/**
 * Share of rows whose label changed from one partition to the next, in [0, 1]. Take it before and after `relabel` to
 * tell renumbering from movement.
 *
 * @throws RangeError for lists of unlike length or none.
 */
export function partitionDrift(oldLabels: ArrayLike<number>, newLabels: ArrayLike<number>): number {
  if (oldLabels.length !== newLabels.length || oldLabels.length === 0) {
    throw new RangeError(`newLabels: expected ${oldLabels.length} labels (at least 1), got ${newLabels.length}`);
  }
  let changed = 0;
  for (let row = 0; row < oldLabels.length; row++) if (oldLabels[row] !== newLabels[row]) changed++;
  return changed / oldLabels.length;
}
