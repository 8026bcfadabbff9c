import type { RandomKey } from "@divgen/random";
import { assertSameWidth } from "./assign-to-clusters.ts";
import type { CenterSearch } from "./center-search.ts";
import { clusterCounts } from "./cluster-means.ts";
import { drawInitialCenters } from "./k-means-plus-plus.ts";
import { createLloyd, type LloydResult } from "./lloyd.ts";
import { assertRowMatrix, type RowMatrix } from "./row-matrix.ts";

/** A partition of rows into clusters around centers. */
export interface KMeansResult {
  /** [cluster, column]. */
  readonly centers: RowMatrix<Float64Array>;
  /** Number of the nearest center, one a row. */
  readonly labels: Int32Array;
  /** Rows in each cluster. Zero occurs only when there are fewer distinct rows than clusters. */
  readonly counts: Int32Array;
  /** Sum of the squared distances of the rows to their centers. */
  readonly inertia: number;
  /** Iterations of the run that is returned. */
  readonly iterations: number;
  /** Whether it ended before `maxIterations`. */
  readonly converged: boolean;
}

/** How k-means starts and when it stops. */
export interface KMeansOptions {
  /** Where to start: k-means++ draws under a key, or given centers, [cluster, column]. */
  readonly start: { readonly key: RandomKey } | { readonly centers: RowMatrix };
  /** Runs from different draws, the one of least inertia wins; given centers are run once. @defaultValue 10 */
  readonly restarts?: number;
  /** @defaultValue 300 */
  readonly maxIterations?: number;
  /**
   * A run ends when no label changes or the centers' squared movement is at most this share of the columns' mean
   * variance. @defaultValue 1e-4
   */
  readonly tolerance?: number;
  /** Guesses nearest centers of large inputs by an engine's products; the result has the same bits without. */
  readonly search?: CenterSearch;
}

/**
 * k-means by Lloyd's algorithm, with the defaults and rules of scikit-learn; the same key gives the same result.
 * ml-kmeans iterates small inputs, blocked distances on typed arrays large ones.
 *
 * @param data - finite values, at least `clusterCount` rows; duplicates are welcome.
 * @param clusterCount - integer >= 1.
 * @throws RangeError for a value that is not finite (naming its row), more clusters than rows, centers that do not fit.
 * @see Lloyd, "Least squares quantization in PCM", 1982.
 */
export function kMeans(
  data: RowMatrix,
  clusterCount: number,
  { start, restarts = 10, maxIterations = 300, tolerance = 1e-4, search }: KMeansOptions,
): KMeansResult {
  assertRowMatrix(data, "data");
  assertPositiveInteger(clusterCount, "clusterCount");
  assertPositiveInteger(restarts, "restarts");
  assertPositiveInteger(maxIterations, "maxIterations");
  if (!(tolerance >= 0)) throw new RangeError(`tolerance: expected a number >= 0, got ${tolerance}`);
  if (clusterCount > data.rows) {
    throw new RangeError(`clusterCount: expected at most the number of rows, ${data.rows}, got ${clusterCount}`);
  }
  if ("centers" in start) {
    assertRowMatrix(start.centers, "centers");
    assertSameWidth(data, start.centers);
    if (start.centers.rows !== clusterCount) {
      throw new RangeError(`centers: expected ${clusterCount} rows, got ${start.centers.rows}`);
    }
  }
  const lloyd = createLloyd(data, { maxIterations, tolerance, search });
  try {
    if ("centers" in start) return withCounts(lloyd.from(start.centers));
    let best: LloydResult | undefined;
    for (let restart = 0; restart < restarts; restart++) {
      const result = lloyd.from(drawInitialCenters(data, clusterCount, start.key.fold(restart)));
      if (best === undefined || result.inertia < best.inertia) best = result;
    }
    return withCounts(best!);
  } finally {
    lloyd.dispose();
  }
}

function withCounts(result: LloydResult): KMeansResult {
  return { ...result, counts: clusterCounts(result.labels, result.centers.rows) };
}

/** @throws RangeError naming the argument. */
export function assertPositiveInteger(value: number, name: string): void {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name}: expected an integer >= 1, got ${value}`);
}
