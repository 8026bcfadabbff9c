import type { TensorInfo } from "@tensorflow/tfjs-core";
import { util } from "@tensorflow/tfjs-core";
import { kernelsRevision } from "../install/engine-folder.ts";
import type { TensorFlowBinding } from "./tensorflow-binding.ts";

/**
 * Kernels of divgen's own in the binding that `divgen engine install` compiles (`native/divgen_binding.cc`). They take and
 * give handles of float32 tensors in the host's memory. tfjs-node's own binary has none: then TensorFlow's operations do
 * the same.
 */
export interface OwnKernels {
  /** Which functions these are: `kernelsRevision` of the divgen that compiled them. */
  readonly revision: number;
  /** The memory of a tensor under another shape. */
  reshape(x: number, shape: readonly number[]): number;
  unary(operation: number, x: number, alpha: number): number;
  /** For equal counts, or where one of two has a single value, or is a row or a column of the other. */
  binary(operation: number, a: number, b: number, alpha: number): number;
  /** alpha a + beta b, of equal shapes. */
  weightedSum(a: number, b: number, alpha: number, beta: number): number;
  /**
   * m += (1 - b1) (g - m),  v += (1 - b2) (g^2 - v),  p -= rate m / (sqrt(v) + epsilon), in place; of memory that other
   * handles or JavaScript arrays share, the three handles get copies first.
   */
  adam(
    parameters: readonly number[],
    firstMoments: readonly number[],
    secondMoments: readonly number[],
    gradients: readonly number[],
    firstMomentDecay: number,
    secondMomentDecay: number,
    rate: number,
    epsilon: number,
  ): void;
  sumRows(x: number, channels: number): number;
  /** factor times the sums over the last axes, of which `shape` is what remains. */
  sumColumns(x: number, shape: readonly number[], factor: number): number;
  /** Output, mean and variance; -1 for no scale and no offset. */
  normalize(
    x: number,
    scale: number,
    offset: number,
    groups: number,
    channels: number,
    epsilon: number,
  ): [number, number, number];
  normalizeGradient(
    dy: number,
    x: number,
    scale: number,
    mean: number,
    variance: number,
    groups: number,
    channels: number,
    epsilon: number,
  ): [number, number, number];
  maxout(x: number, pieces: number): number;
  maxoutGradient(dy: number, x: number, y: number, pieces: number): number;
  /** [output pixels, filter rows * filter columns * channels], zeros outside of the image; `sizes` as in `windowSizes`. */
  patches(x: number, sizes: readonly number[]): number;
  /** The transpose of `patches`: [batch, height, width, channels]. */
  scatter(patches: number, sizes: readonly number[]): number;
  /**
   * An array filled with `value`, into which parts of inputs of its rank are copied: `boxes` holds for each input the
   * first position in it, the first position in the output, and the size.
   */
  copyBoxes(inputs: readonly number[], shape: readonly number[], value: number, boxes: readonly number[]): number;
  /** How many threads work within one call from now on. */
  threads(count: number): void;

  // Convolutions by minimal filtering, on processors whose vectors they are written for: all three or none. `sizes` as in
  // `windowSizes`.

  /** x * filter: [batch, height, width, outChannels]. */
  filteredConvolution?(x: number, filter: number, sizes: readonly number[], outChannels: number): number;
  filteredInputGradient?(dy: number, filter: number, sizes: readonly number[], outChannels: number): number;
  filteredFilterGradient?(x: number, dy: number, sizes: readonly number[], outChannels: number): number;

  // What follows is there where OpenBLAS lies beside the binding: all or nothing.

  /** a b of two matrices of float32, either transposed. */
  product?(a: number, b: number, transposeA: number, transposeB: number): number;
  /** x weight + bias, of matrices of float32 and a row. */
  affine?(x: number, weight: number, bias: number): number;
  /** Of dy weight^T, x^T dy and the sums of dy's rows those that are wanted (1), in this order. */
  affineGradient?(
    dy: number,
    x: number,
    weight: number,
    wantsX: number,
    wantsWeight: number,
    wantsBias: number,
  ): number[];
  /** out = a b, float64, row by row. */
  multiply64?(a: Float64Array, b: Float64Array, m: number, k: number, n: number, out: Float64Array): void;
  /** The lower triangle of a^T a, row by row. */
  gram64?(a: Float64Array, rows: number, columns: number, packed: Float64Array): void;
  /** The mean of rows, and the lower triangle of the sum of outer products of their differences from it. */
  moments64?(
    values: Float32Array | Float64Array,
    rows: number,
    columns: number,
    mean: Float64Array,
    packed: Float64Array,
  ): void;
  /** Eigenvalues of a symmetric matrix, of which the lower triangle is read; ascending. */
  eigenvalues64?(matrix: Float64Array, n: number, out: Float64Array): void;
  /** The lower factor; returns 0, or the number (from 1) of the first row without one. */
  cholesky64?(matrix: Float64Array, n: number, out: Float64Array): number;
  /** Rows minus `shift`, and the length of each. */
  shiftRows?(
    values: Float32Array | Float64Array,
    rows: number,
    columns: number,
    shift: Float64Array,
    out: Float32Array,
    norms: Float64Array,
  ): void;
  /** For each row of points the row of centers of the largest product plus offset, and its lead over the second. */
  nearest?(
    points: Float32Array,
    centers: Float32Array,
    offsets: Float32Array,
    rows: number,
    columns: number,
    count: number,
    labels: Int32Array,
    margins: Float32Array,
  ): void;
  /** Sums of the rows of each label in float64: `LabelSumsKernelAttributes` says in which order. */
  labelSums?(
    points: Float32Array,
    labels: Int32Array,
    rows: number,
    columns: number,
    count: number,
    sums: Float64Array,
  ): void;
}

/** Numbers of `OwnKernels.binary`. */
export const binaryOperations = {
  add: 0,
  subtract: 1,
  multiply: 2,
  divide: 3,
  reluGradient: 4,
  leakyReluGradient: 5,
} as const;

/** Numbers of `OwnKernels.unary`. */
export const unaryOperations = {
  relu: 0,
  leakyRelu: 1,
  negate: 2,
  square: 3,
  absolute: 4,
  logistic: 5,
  softplus: 6,
  inverseRoot: 7,
} as const;

/** Larger arrays go to TensorFlow, which has several threads where these kernels have one: a measured limit. */
const fewValues = 1 << 18;

/**
 * The kernels of a binding, if they are the ones that this version of divgen calls, and up to which number of values they
 * are the faster ones.
 */
export function ownKernelsOf(binding: TensorFlowBinding): { kernels: OwnKernels | undefined; limit: number } {
  const found = (binding as { divgenKernels?: OwnKernels }).divgenKernels;
  const kernels = found?.revision === kernelsRevision ? found : undefined;
  return { kernels, limit: process.env["TF_NUM_INTRAOP_THREADS"] === "1" ? Number.POSITIVE_INFINITY : fewValues };
}

/** The shape of an operation on two tensors that `OwnKernels.binary` can do, or undefined. */
export function sharedShape(a: TensorInfo, b: TensorInfo): readonly number[] | undefined {
  if (util.arraysEqual(a.shape, b.shape)) return a.shape;
  const isFirst =
    a.shape.length > b.shape.length ||
    (a.shape.length === b.shape.length && util.sizeFromShape(a.shape) >= util.sizeFromShape(b.shape));
  const [large, small] = isFirst ? [a.shape, b.shape] : [b.shape, a.shape];
  const count = util.sizeFromShape(small);
  if (count === 1) return large.length === small.length && util.sizeFromShape(large) === 1 ? undefined : large;
  // A row: [channels], [1, channels], ... beside [..., channels].
  if (count === large.at(-1) && count === small.at(-1)) return large;
  // A column: [..., 1] beside [..., channels].
  const isColumn =
    large.length === small.length &&
    small.at(-1) === 1 &&
    small.every((size, axis) => axis === small.length - 1 || size === large[axis]);
  return isColumn ? large : undefined;
}
