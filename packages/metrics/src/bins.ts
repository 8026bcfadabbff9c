import { assertRowMatrix, kMeans, type RowMatrix } from "@divgen/clustering";
import { choice, type RandomKey } from "@divgen/random";

/** Bins of sample space, made from training samples: the ground of NDB and of the Jensen-Shannon divergence. */
export interface Bins {
  /** [bin, dimension], means of the training members after scaling, in all dimensions; largest bin first. */
  readonly centers: RowMatrix<Float64Array>;
  /** Dimensions that distances use, ascending. */
  readonly dimensions: Int32Array;
  /** Subtracted from each dimension: the training mean, or 0 without whitening. */
  readonly shift: Float64Array;
  /** Divides each dimension: training standard deviation + 1e-6, or 1 without whitening. */
  readonly scale: Float64Array;
  /** Training samples in each bin. */
  readonly counts: Int32Array;
}

/** How bins are made. */
export interface BinOptions {
  readonly key: RandomKey;
  /** Number of bins; MSGAN takes 20 for facades, 50 for other image pairs, 250 for classes of CIFAR-10. */
  readonly binCount: number;
  /** Scales each dimension by the training mean and standard deviation. MSGAN's numbers have it on. */
  readonly whitening: boolean;
  /**
   * Dimensions that distances use: "reference" takes all up to 1,000, and above that a random sixth of them, as
   * gans-n-gmms; a number draws as many.
   *
   * @defaultValue "reference"
   */
  readonly dimensions?: "reference" | "all" | number;
}

/**
 * Bins by k-means (k-means++, 10 restarts, at most 100 iterations) on training samples.
 *
 * @param samples - [sample, dimension], at least `binCount` rows; flattened images, points or features.
 * @throws RangeError for values that are not finite, or more bins than samples.
 * @see Richardson and Weiss, "On GANs and GMMs", NeurIPS 2018; the conventions of eitanrich/gans-n-gmms.
 */
export function createBins(
  samples: RowMatrix,
  { key, binCount, whitening, dimensions = "reference" }: BinOptions,
): Bins {
  assertRowMatrix(samples, "samples");
  const used = chooseDimensions(samples.columns, dimensions, key.split("dimensions"));
  const scaling = whitening ? scalingOf(samples) : identityScaling(samples.columns);
  const reduced = scaleRows(samples, 0, samples.rows, used, scaling);
  const start = { key: key.split("k-means") };
  const { labels } = kMeans(reduced, binCount, { start, restarts: 10, maxIterations: 100 });
  return binsOfPartition(samples, labels, binCount, used, scaling);
}

interface Scaling {
  readonly shift: Float64Array;
  readonly scale: Float64Array;
}

/** Bins of a given partition of the training samples. Bins without members are left out. */
export function binsOfPartition(
  samples: RowMatrix,
  labels: ArrayLike<number>,
  binCount: number,
  dimensions: Int32Array,
  { shift, scale }: Scaling,
): Bins {
  const { values, rows, columns } = samples;
  const counts = new Int32Array(binCount);
  const sums = new Float64Array(binCount * columns);
  for (let row = 0, index = 0; row < rows; row++) {
    const bin = labels[row]!;
    counts[bin]!++;
    for (let column = 0; column < columns; column++, index++) {
      sums[bin * columns + column]! += (values[index]! - shift[column]!) / scale[column]!;
    }
  }
  const order = Array.from(counts.keys())
    .filter((bin) => counts[bin]! > 0)
    .sort((a, b) => counts[b]! - counts[a]! || a - b);
  const centers = new Float64Array(order.length * columns);
  order.forEach((bin, position) => {
    for (let column = 0; column < columns; column++) {
      centers[position * columns + column] = sums[bin * columns + column]! / counts[bin]!;
    }
  });
  return {
    centers: { values: centers, rows: order.length, columns },
    dimensions,
    shift,
    scale,
    counts: Int32Array.from(order, (bin) => counts[bin]!),
  };
}

/** Values of some rows in the used dimensions, scaled, in float64. */
export function scaleRows(
  { values, columns }: RowMatrix,
  firstRow: number,
  endRow: number,
  dimensions: Int32Array,
  { shift, scale }: Scaling,
): RowMatrix<Float64Array> {
  const rows = endRow - firstRow;
  const out = new Float64Array(rows * dimensions.length);
  for (let row = 0, index = 0; row < rows; row++) {
    const start = (firstRow + row) * columns;
    for (const dimension of dimensions) {
      out[index++] = (values[start + dimension]! - shift[dimension]!) / scale[dimension]!;
    }
  }
  return { values: out, rows, columns: dimensions.length };
}

function chooseDimensions(width: number, wanted: "reference" | "all" | number, key: RandomKey): Int32Array {
  const count = wanted === "all" || (wanted === "reference" && width <= 1000) ? width : wanted;
  const drawn = count === "reference" ? Math.floor(width / 6) : count;
  if (!Number.isInteger(drawn) || drawn < 1 || drawn > width) {
    throw new RangeError(`dimensions: expected an integer in [1, ${width}], got ${drawn}`);
  }
  // The order of dimensions does not change distances.
  return choice(key, width, drawn).sort();
}

function identityScaling(width: number): Scaling {
  return { shift: new Float64Array(width), scale: new Float64Array(width).fill(1) };
}

function scalingOf({ values, rows, columns }: RowMatrix): Scaling {
  const shift = new Float64Array(columns);
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) shift[column]! += values[index]!;
  }
  for (let column = 0; column < columns; column++) shift[column]! /= rows;
  const scale = new Float64Array(columns);
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) scale[column]! += (values[index]! - shift[column]!) ** 2;
  }
  for (let column = 0; column < columns; column++) scale[column] = Math.sqrt(scale[column]! / rows) + 1e-6;
  return { shift, scale };
}
