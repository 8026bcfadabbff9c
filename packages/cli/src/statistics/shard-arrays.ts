import { DataError } from "@divgen/core-tensors";
import type { StatisticsShard } from "@divgen/metrics";
import type { ArrayWithShape } from "@divgen/weight-files";

/** Name of the array that says that a file is a shard: [first row, end row, width, nodes, rows of the whole set]. */
const SHARD_ARRAY = "shard";

/** Name of the array with the SHA-256 of the set that a shard is of: 32 bytes. */
const SET_ARRAY = "shard_set";

/** A shard, and the set that it is of: two sets of one size have unlike hashes. */
export interface ShardOfSet {
  readonly shard: StatisticsShard;
  readonly setRows: number;
  /** Of the contents of the whole set, in hexadecimal digits. */
  readonly setSha256: string;
}

/** A shard as named arrays, beside `mu`, `sigma` and `n`, which other readers take alone. */
export function shardToArrays({ shard, setRows, setSha256 }: ShardOfSet): Map<string, ArrayWithShape> {
  const { width, firstRow, endRow, head, nodes, tail } = shard;
  const arrays = new Map<string, ArrayWithShape>([
    [SHARD_ARRAY, vector([firstRow, endRow, width, nodes.length, setRows])],
    [SET_ARRAY, { shape: [32], values: Uint8Array.from(Buffer.from(setSha256, "hex")) }],
    ["shard_head", { shape: [head.length / width, width], values: Float64Array.from(head) }],
    ["shard_tail", { shape: [tail.length / width, width], values: Float64Array.from(tail) }],
  ]);
  nodes.forEach(({ level, index, moments }, position) => {
    arrays.set(`shard_node${position}`, vector([level, index, moments.count]));
    arrays.set(`shard_mean${position}`, vector(moments.mean));
    arrays.set(`shard_scatter${position}`, vector(moments.scatter));
  });
  return arrays;
}

/**
 * A shard from the arrays of `shardToArrays`.
 *
 * @returns `undefined` if the file is no shard.
 * @throws DataError for arrays that do not fit each other.
 */
export function shardFromArrays(arrays: ReadonlyMap<string, ArrayWithShape>, path: string): ShardOfSet | undefined {
  if (!arrays.has(SHARD_ARRAY)) return undefined;
  const take = (name: string, length?: number): Float64Array => {
    const values = arrays.get(name)?.values;
    if (!(values instanceof Float64Array) || (length !== undefined && values.length !== length)) {
      throw new DataError(`${path}: expected ${length ?? "float64"} values in the shard's array "${name}".`);
    }
    return values;
  };
  const [firstRow, endRow, width, nodeCount, setRows] = take(SHARD_ARRAY, 5) as unknown as [
    ...[number, number, number, number, number],
  ];
  const setHash = arrays.get(SET_ARRAY)?.values;
  if (!(setHash instanceof Uint8Array) || setHash.length !== 32) {
    throw new DataError(
      `${path}: expected a shard that says which set it is of (32 bytes in its array "${SET_ARRAY}"), got one without. Make it again with this version: divgen statistics make --shard`,
    );
  }
  const nodes = Array.from({ length: nodeCount }, (_, position) => {
    const [level, index, count] = take(`shard_node${position}`, 3) as unknown as [number, number, number];
    const mean = take(`shard_mean${position}`, width);
    return {
      level,
      index,
      moments: { count, mean, scatter: take(`shard_scatter${position}`, (width * (width + 1)) / 2) },
    };
  });
  const head = take("shard_head");
  const tail = take("shard_tail");
  const rows = nodes.reduce((sum, { moments }) => sum + moments.count, (head.length + tail.length) / width);
  if (rows !== endRow - firstRow)
    throw new DataError(`${path}: expected ${endRow - firstRow} rows in the shard, got ${rows}.`);
  const shard = { width, firstRow, endRow, head, nodes, tail };
  return { shard, setRows, setSha256: Buffer.from(setHash).toString("hex") };
}

function vector(values: ArrayLike<number>): ArrayWithShape {
  return { shape: [values.length], values: Float64Array.from(values) };
}
