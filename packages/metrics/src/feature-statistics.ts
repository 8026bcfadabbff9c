import { assertRowMatrix, type RowMatrix } from "@divgen/clustering";
import { type LinearAlgebra64, plainLinearAlgebra } from "./linear-algebra.ts";
import { leafMoments, type Moments, mergeMoments, unpackSymmetric } from "./moments.ts";

/** Mean and unbiased covariance of feature vectors. */
export interface FeatureStatistics {
  readonly mean: Float64Array;
  /** [width, width], row-major, symmetric, divided by count - 1. */
  readonly covariance: Float64Array;
  /** Vectors behind them; infinite when not known (a file without it). */
  readonly count: number;
}

/** Rows of one leaf of the summation tree. Part of the definition of the result's bits. */
export const LEAF_ROWS: number = 512;

/** A complete subtree: rows [index * rows, (index + 1) * rows), rows = LEAF_ROWS * 2^level. */
interface TreeNode {
  readonly level: number;
  readonly index: number;
  readonly moments: Moments;
}

/**
 * Partial statistics of the rows [firstRow, endRow) of a set. Shards of one set, made by any number of workers and
 * merged in index order, give the same bits as one pass: sums are formed over a tree whose shape depends on row
 * numbers alone; rows of leaves that a shard holds only in part are kept as they are.
 */
export interface StatisticsShard {
  readonly width: number;
  readonly firstRow: number;
  readonly endRow: number;
  /** Rows before the first complete leaf (or all rows, if no leaf is complete). */
  readonly head: Float64Array;
  readonly nodes: readonly TreeNode[];
  /** Rows after the last complete leaf. */
  readonly tail: Float64Array;
}

/** Takes in feature vectors batch by batch. */
export interface StatisticsAccumulator {
  /** @throws RangeError for values that are not finite (naming the row of the batch) or another width. */
  update(features: RowMatrix): void;
  /** Rows taken in. */
  readonly count: number;
  /** What has been taken in, to be merged with other shards. */
  shard(): StatisticsShard;
  /** @throws RangeError unless rows from 0 on were taken in, at least two. */
  compute(): FeatureStatistics;
  /** Forgets all rows. */
  reset(): void;
}

/**
 * Streams feature vectors into a mean and covariance, in float64 with bounded memory: about log2(rows / 512) triangles
 * of width^2 / 2 numbers and one leaf of rows.
 *
 * @param width - features in a vector.
 * @param firstRow - number of the first row in the whole set, for a worker that does a part of it. @defaultValue 0
 * @param algebra - computes the products; shards that are to merge to the bits of one pass need the plain one.
 *   @defaultValue plain
 */
export function createStatisticsAccumulator(
  width: number,
  firstRow = 0,
  algebra: LinearAlgebra64 = plainLinearAlgebra,
): StatisticsAccumulator {
  if (!Number.isInteger(width) || width < 1) throw new RangeError(`width: expected an integer >= 1, got ${width}`);
  if (!Number.isInteger(firstRow) || firstRow < 0) {
    throw new RangeError(`firstRow: expected an integer >= 0, got ${firstRow}`);
  }
  let state = emptyShard(width, firstRow);
  return {
    update: (features) => {
      assertRowMatrix(features, "features");
      if (features.columns !== width) {
        throw new RangeError(`features: expected ${width} columns, got ${features.columns}`);
      }
      state = appendRows(state, features, algebra);
    },
    get count() {
      return state.endRow - state.firstRow;
    },
    shard: () => state,
    compute: () => statisticsOf(state, algebra),
    reset: () => {
      state = emptyShard(width, firstRow);
    },
  };
}

/** Rows at once where another algebra makes the products: 64 MiB of 2,048 features. */
const ALGEBRA_ROWS = 4096;

/**
 * Mean and covariance of all rows at once; by the plain algebra the same bits as streaming them.
 *
 * @param algebra - computes the products. @defaultValue plain
 * @throws RangeError for fewer than two rows or values that are not finite.
 */
export function meanAndCovariance(
  features: RowMatrix,
  algebra: LinearAlgebra64 = plainLinearAlgebra,
): FeatureStatistics {
  if (algebra === plainLinearAlgebra) {
    const accumulator = createStatisticsAccumulator(features.columns);
    accumulator.update(features);
    return accumulator.compute();
  }
  assertRowMatrix(features, "features");
  const { values, rows, columns: width } = features;
  assertEnoughRows(rows);
  if (algebra.moments !== undefined) {
    return statisticsFrom([{ count: rows, ...algebra.moments(values, rows, width) }], width);
  }
  const parts: Moments[] = [];
  for (let row = 0; row < rows; row += ALGEBRA_ROWS) {
    const part = values.subarray(row * width, Math.min(rows, row + ALGEBRA_ROWS) * width);
    parts.push(leafMoments(new Float64Array(part), width, algebra));
  }
  return statisticsFrom(parts, width);
}

/**
 * Joins two shards of one set, made by the plain algebra.
 *
 * @param first - rows [a, b).
 * @param second - rows [b, c).
 * @throws RangeError if they do not meet or differ in width.
 */
export function mergeShards(first: StatisticsShard, second: StatisticsShard): StatisticsShard {
  if (first.width !== second.width) {
    throw new RangeError(`second: expected width ${first.width}, got ${second.width}`);
  }
  if (first.endRow !== second.firstRow) {
    throw new RangeError(`second: expected to begin at row ${first.endRow}, got ${second.firstRow}`);
  }
  const { width } = first;
  let merged = appendRows(
    first,
    { values: second.head, rows: second.head.length / width, columns: width },
    plainLinearAlgebra,
  );
  const nodes = [...merged.nodes];
  for (const node of second.nodes) pushNode(nodes, node);
  merged = { ...merged, nodes, endRow: second.endRow - second.tail.length / width };
  return appendRows(
    merged,
    { values: second.tail, rows: second.tail.length / width, columns: width },
    plainLinearAlgebra,
  );
}

/**
 * Mean and covariance of a complete set.
 *
 * @throws RangeError if the shard does not begin at row 0 or has fewer than two rows.
 */
export function statisticsOf(shard: StatisticsShard, algebra: LinearAlgebra64 = plainLinearAlgebra): FeatureStatistics {
  const { width, firstRow, endRow, nodes, tail } = shard;
  if (firstRow !== 0)
    throw new RangeError(`shard: expected to begin at row 0, got ${firstRow}: merge the earlier shards`);
  assertEnoughRows(endRow);
  const parts = nodes.map(({ moments }) => moments);
  if (tail.length > 0) parts.push(leafMoments(tail, width, algebra));
  return statisticsFrom(parts, width);
}

function assertEnoughRows(rows: number): void {
  if (rows < 2) throw new RangeError(`features: expected at least 2 rows for a covariance, got ${rows}`);
}

function statisticsFrom(parts: readonly Moments[], width: number): FeatureStatistics {
  const { mean, scatter, count } = parts.reduce(mergeMoments);
  return {
    mean,
    covariance: unpackSymmetric(
      scatter.map((sum) => sum / (count - 1)),
      width,
    ),
    count,
  };
}

function emptyShard(width: number, firstRow: number): StatisticsShard {
  return { width, firstRow, endRow: firstRow, head: new Float64Array(), nodes: [], tail: new Float64Array() };
}

/** Adds rows at the end: first to the head or tail until its leaf is complete, then leaf by leaf. */
function appendRows(
  shard: StatisticsShard,
  { values, rows, columns }: RowMatrix,
  algebra: LinearAlgebra64,
): StatisticsShard {
  let { head, tail, endRow } = shard;
  const nodes = [...shard.nodes];
  let taken = 0;
  while (taken < rows) {
    const leafEnd = (Math.floor(endRow / LEAF_ROWS) + 1) * LEAF_ROWS;
    const count = Math.min(rows - taken, leafEnd - endRow);
    const piece = values.subarray(taken * columns, (taken + count) * columns);
    // Rows belong to the head while the shard has not reached its first leaf boundary.
    const leafStart = leafEnd - LEAF_ROWS;
    const inHead = leafStart < shard.firstRow;
    if (inHead) head = joined(head, piece);
    else tail = joined(tail, piece);
    taken += count;
    endRow += count;
    if (endRow === leafEnd && !inHead) {
      pushNode(nodes, { level: 0, index: leafStart / LEAF_ROWS, moments: leafMoments(tail, columns, algebra) });
      tail = new Float64Array();
    }
  }
  return { ...shard, head, nodes, tail, endRow };
}

/** Adds a node at the end and merges siblings upwards. */
function pushNode(nodes: TreeNode[], node: TreeNode): void {
  let last = node;
  for (;;) {
    const previous = nodes.at(-1);
    if (previous === undefined || previous.level !== last.level || previous.index + 1 !== last.index) break;
    if (previous.index % 2 !== 0) break;
    nodes.pop();
    last = {
      level: last.level + 1,
      index: previous.index / 2,
      moments: mergeMoments(previous.moments, last.moments),
    };
  }
  nodes.push(last);
}

function joined(first: Float64Array, second: Float32Array | Float64Array): Float64Array {
  const out = new Float64Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}
