import { engine, getBackend, getKernel, type NamedTensorMap, type Tensor, type Variable } from "@tensorflow/tfjs-core";

/**
 * Kernels beyond tfjs's own that an engine may register in tfjs's kernel registry, under these names. Code above runs
 * them where the engine in use has them and plain tfjs operations where not; both give the same values.
 */
export const fusedKernels = {
  /** One Adam update of many parameters, in place. Attributes: `AdamKernelAttributes`; no outputs. */
  adam: "DivgenAdam",
  /**
   * Batch normalisation with the statistics of each channel over all other axes: (x - mean) / sqrt(variance + epsilon)
   * * scale + offset. Inputs `x` [..., channels], `scale` and `offset` [channels]; attributes `NormKernelAttributes`;
   * outputs the result, the mean [channels] and the variance of the population [channels].
   */
  batchNorm: "DivgenBatchNorm",
  /** The same without scale and offset. */
  batchNormUnscaled: "DivgenBatchNormUnscaled",
  /**
   * Instance normalisation, with statistics over the positions of each image and channel. Inputs `x` [batch, height,
   * width, channels], `scale` and `offset` [channels]; attributes `NormKernelAttributes`; outputs the result, the mean
   * [batch * channels] and the variance of the population [batch * channels].
   */
  instanceNorm: "DivgenInstanceNorm",
  /** The same without scale and offset. */
  instanceNormUnscaled: "DivgenInstanceNormUnscaled",
  /**
   * Greatest of each group of consecutive values; where several are the greatest, they share the gradient. Input `x`
   * [batch, size * pieces]; attributes `MaxoutKernelAttributes`; output [batch, size]. It has gradients of any order.
   */
  maxout: "DivgenMaxout",
  /** dy where x > 0, alpha dy elsewhere. Inputs `dy` and `x`; attribute `alpha`. It has gradients of any order. */
  leakyReluGradient: "DivgenLeakyReluGradient",
  /**
   * x weight + bias. Inputs `x` [batch, inputSize], `weight` [inputSize, outputSize] and `bias` [outputSize]; no attributes;
   * output [batch, outputSize]. It has gradients of any order.
   */
  affine: "DivgenAffine",
  /** alpha a + beta b. Inputs `a` and `b` of one shape; attributes `WeightedSumKernelAttributes`. It has no gradient. */
  weightedSum: "DivgenWeightedSum",
  /** Rows of plain arrays minus a row. Attributes: `ShiftRowsKernelAttributes`; no outputs. */
  shiftRows: "DivgenShiftRows",
  /** Nearest centers of many points in plain arrays. Attributes: `NearestCentersKernelAttributes`; no outputs. */
  nearestCenters: "DivgenNearestCenters",
  /** Sums of the rows of each label in plain arrays. Attributes: `LabelSumsKernelAttributes`; no outputs. */
  labelSums: "DivgenLabelSums",
} as const;

/** Name of a fused kernel. */
export type FusedKernelName = (typeof fusedKernels)[keyof typeof fusedKernels];

/**
 * What `DivgenAdam` does, element by element, to lists of equal length:
 *
 *   m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,  p = p - lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + epsilon)
 */
export interface AdamKernelAttributes {
  /** p, updated in place. Other tensors that share a variable's memory (clones) keep their values. */
  readonly parameters: readonly Variable[];
  /** g, of the shapes of `parameters`. */
  readonly gradients: readonly Tensor[];
  /** m, updated in place. */
  readonly firstMoments: readonly Variable[];
  /** v, updated in place. */
  readonly secondMoments: readonly Variable[];
  /** lr. */
  readonly learningRate: number;
  /** b1. */
  readonly firstMomentDecay: number;
  /** b2. */
  readonly secondMomentDecay: number;
  readonly epsilon: number;
  /** t, 1 for the first update. */
  readonly updates: number;
}

/** Of the normalisations, which have gradients, of any order, wherever they are registered. */
export interface NormKernelAttributes {
  /** Added to the variance. */
  readonly epsilon: number;
}

/** Of `DivgenMaxout`. */
export interface MaxoutKernelAttributes {
  /** Values in a group. */
  readonly pieces: number;
}

/** Of `DivgenWeightedSum`. */
export interface WeightedSumKernelAttributes {
  readonly alpha: number;
  readonly beta: number;
}

/** What `DivgenShiftRows` does. */
export interface ShiftRowsKernelAttributes {
  /** [rows, columns]. */
  readonly values: Float32Array | Float64Array;
  readonly rows: number;
  readonly columns: number;
  /** [columns], subtracted from each row in float64. */
  readonly shift: Float64Array;
  /** Receives [rows, columns]. */
  readonly shifted: Float32Array;
  /** Receives the length of each shifted row. */
  readonly norms: Float64Array;
}

/** What `DivgenNearestCenters` does: the center c of the greatest x.c + offset of each point x, in float32. */
export interface NearestCentersKernelAttributes {
  /** [rows, columns]. */
  readonly points: Float32Array;
  /** [count, columns]. */
  readonly centers: Float32Array;
  /** [count]. */
  readonly offsets: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
  /** Receives the number of the center of each point. */
  readonly labels: Int32Array;
  /** Receives by how much its value is greater than the second greatest. */
  readonly margins: Float32Array;
}

/**
 * What `DivgenLabelSums` does: adds the rows of each label in float64, those of each piece of 4,096 rows in their order, then
 * the sums of the pieces in theirs.
 */
export interface LabelSumsKernelAttributes {
  /** [rows, columns]. */
  readonly points: Float32Array;
  /** One a row, from 0 to below `count`. */
  readonly labels: Int32Array;
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
  /** Receives [count, columns]. */
  readonly sums: Float64Array;
}

/** Whether the engine in use has a fused kernel. */
export function hasFusedKernel(name: FusedKernelName): boolean {
  return getKernel(name, getBackend()) !== undefined;
}

/**
 * Runs a fused kernel of the engine in use; ask `hasFusedKernel` first.
 *
 * @returns its outputs, owned by the caller.
 * @throws Error if the engine has no such kernel.
 */
export function runFusedKernel(name: FusedKernelName, inputs: NamedTensorMap, attributes: object): Tensor[] {
  const outputs: Tensor | Tensor[] = engine().runKernel(name, inputs, attributes as Record<string, never>);
  return Array.isArray(outputs) ? outputs : [outputs];
}
