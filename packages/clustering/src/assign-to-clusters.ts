import { forEachDistanceBlock, preparePoints } from "./block-distances.ts";
import { assertRowMatrix, columnMeans, type RowMatrix } from "./row-matrix.ts";

/** The nearest center of each row. */
export interface ClusterAssignment {
  /** Number of the nearest center; the first of several equally near ones. */
  readonly labels: Int32Array;
  /** Squared Euclidean distance to it. */
  readonly squaredDistances: Float64Array;
}

/**
 * Assigns each row to its nearest center by Euclidean distance.
 *
 * @param data - finite values.
 * @param centers - as many columns as the data.
 * @throws RangeError if the widths differ or a value is not finite.
 */
export function assignToClusters(data: RowMatrix, centers: RowMatrix): ClusterAssignment {
  assertRowMatrix(data, "data");
  assertRowMatrix(centers, "centers");
  assertSameWidth(data, centers);
  // Any shift near the data does; the centers' mean does not depend on how many rows are asked for at once.
  return assignRows(data, centers, columnMeans(centers));
}

/** @throws RangeError if centers and data have unlike widths. */
export function assertSameWidth(data: RowMatrix, centers: RowMatrix): void {
  if (data.columns !== centers.columns) {
    throw new RangeError(`centers: expected ${data.columns} columns as the data have, got ${centers.columns}`);
  }
}

/** `assignToClusters` without checks, with the shift that steadies the distances. */
export function assignRows(data: RowMatrix, centers: RowMatrix, shift: Float64Array): ClusterAssignment {
  const labels = new Int32Array(data.rows);
  const squaredDistances = new Float64Array(data.rows);
  const points = preparePoints(centers, shift);
  forEachDistanceBlock(data, shift, points, (firstRow, rowCount, distances) => {
    for (let row = 0, index = 0; row < rowCount; row++) {
      let nearest = 0;
      let least = distances[index++]!;
      for (let center = 1; center < centers.rows; center++, index++) {
        const distance = distances[index]!;
        if (distance < least) {
          least = distance;
          nearest = center;
        }
      }
      labels[firstRow + row] = nearest;
      squaredDistances[firstRow + row] = least;
    }
  });
  return { labels, squaredDistances };
}
