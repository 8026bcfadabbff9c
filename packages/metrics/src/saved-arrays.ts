import type { Bins } from "./bins.ts";
import type { FeatureStatistics } from "./feature-statistics.ts";

/** An array as `writeNpz` of `@divgen/weight-files` takes it; row-major, `[]` for a single number. */
export interface SavedArray {
  readonly shape: readonly number[];
  readonly values: Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

/** An array as `readNpz` of `@divgen/weight-files` gives it. */
export interface LoadedArray {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number> | BigInt64Array;
}

/**
 * Statistics as the arrays `mu`, `sigma` and `n`: pytorch-fid and clean-fid read such a file (and ignore `n`).
 *
 *     await writeFile("cifar10.npz", writeNpz(statisticsToArrays(statistics)));
 */
export function statisticsToArrays({ mean, covariance, count }: FeatureStatistics): Map<string, SavedArray> {
  return new Map<string, SavedArray>([
    ["mu", { shape: [mean.length], values: Float64Array.from(mean) }],
    ["sigma", { shape: [mean.length, mean.length], values: Float64Array.from(covariance) }],
    ["n", { shape: [], values: Float64Array.of(count) }],
  ]);
}

/**
 * Statistics from the arrays `mu`, `sigma` and, if there, `n`. Files of pytorch-fid have no `n`: their count is
 * infinite here, which means "not known".
 *
 * @throws RangeError naming an array that is missing or of the wrong shape.
 */
export function statisticsFromArrays(arrays: ReadonlyMap<string, LoadedArray>): FeatureStatistics {
  const mean = numbersOf(arrays, "mu");
  const covariance = numbersOf(arrays, "sigma", [mean.length, mean.length]);
  const count = arrays.has("n") ? numbersOf(arrays, "n", []) : Float64Array.of(Number.POSITIVE_INFINITY);
  return { mean, covariance, count: count[0]! };
}

/** Bins as named arrays, so that compared models share them. */
export function binsToArrays({ centers, dimensions, shift, scale, counts }: Bins): Map<string, SavedArray> {
  return new Map<string, SavedArray>([
    ["centers", { shape: [centers.rows, centers.columns], values: Float64Array.from(centers.values) }],
    ["dimensions", { shape: [dimensions.length], values: Int32Array.from(dimensions) }],
    ["shift", { shape: [shift.length], values: Float64Array.from(shift) }],
    ["scale", { shape: [scale.length], values: Float64Array.from(scale) }],
    ["counts", { shape: [counts.length], values: Int32Array.from(counts) }],
  ]);
}

/**
 * Bins from the arrays of `binsToArrays`.
 *
 * @throws RangeError naming an array that is missing or of the wrong shape.
 */
export function binsFromArrays(arrays: ReadonlyMap<string, LoadedArray>): Bins {
  const shift = numbersOf(arrays, "shift");
  const counts = numbersOf(arrays, "counts");
  const centers = numbersOf(arrays, "centers", [counts.length, shift.length]);
  const dimensions = Int32Array.from(numbersOf(arrays, "dimensions"));
  const outside = dimensions.find((dimension) => dimension < 0 || dimension >= shift.length);
  if (outside !== undefined) {
    throw new RangeError(`dimensions: expected numbers in [0, ${shift.length}), got ${outside}`);
  }
  return {
    centers: { values: centers, rows: counts.length, columns: shift.length },
    dimensions,
    shift,
    scale: numbersOf(arrays, "scale", [shift.length]),
    counts: Int32Array.from(counts),
  };
}

/** A named array as numbers; a vector of any length when no shape is asked for. */
function numbersOf(arrays: ReadonlyMap<string, LoadedArray>, name: string, shape?: readonly number[]): Float64Array {
  const array = arrays.get(name);
  if (array === undefined) {
    throw new RangeError(`${name}: expected this array, got only ${[...arrays.keys()].join(", ")}`);
  }
  const fits = shape === undefined ? array.shape.length === 1 : String(shape) === String(array.shape);
  if (!fits) {
    throw new RangeError(`${name}: expected shape [${shape?.join(", ") ?? "length"}], got [${array.shape.join(", ")}]`);
  }
  return Float64Array.from(array.values as ArrayLike<number | bigint>, Number);
}
