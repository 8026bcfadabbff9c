/**
 * How pixels between the grid points are made: "nearest" (one pixel, no new values), or from coarse to sharp "box" (mean of
 * the covered pixels), "bilinear" (triangle), "bicubic" (a = -0.5), "lanczos" (three lobes). All but "nearest" widen when
 * shrinking (antialiasing).
 */
export type ResampleFilter = "nearest" | "box" | "bilinear" | "bicubic" | "lanczos";

/** For each output position the input positions it is made of. */
export interface WeightTable {
  /** First input position, one an output position. */
  readonly starts: Int32Array;
  /** Number of input positions, one an output position. */
  readonly counts: Int32Array;
  /** `stride` weights an output position, the first `counts` of them in use; they sum to 1. */
  readonly weights: Float64Array;
  readonly stride: number;
}

interface Kernel {
  /** Half width in input pixels at scale 1. */
  readonly support: number;
  weigh(distance: number): number;
}

const KERNELS: Readonly<Record<Exclude<ResampleFilter, "nearest">, Kernel>> = {
  box: { support: 0.5, weigh: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weigh: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weigh: cubic },
  lanczos: { support: 3, weigh: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Keys' cubic convolution with a = -0.5, Pillow's choice (OpenCV and torch take -0.75). */
function cubic(signed: number): number {
  const a = -0.5;
  const x = Math.abs(signed);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/**
 * Weights of a one-dimensional resize, with pixel centres at half-integers: output i looks at input (i + 0.5) * in / out.
 *
 * @see Pillow, `precompute_coeffs` in libImaging/Resample.c, which these equal.
 */
export function resampleWeights(inputSize: number, outputSize: number, filter: ResampleFilter): WeightTable {
  if (filter === "nearest") return nearestWeights(inputSize, outputSize);
  const { support: kernelSupport, weigh } = KERNELS[filter];
  const scale = inputSize / outputSize;
  const filterScale = Math.max(1, scale);
  const support = kernelSupport * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(outputSize);
  const counts = new Int32Array(outputSize);
  const weights = new Float64Array(outputSize * stride);
  const inverseScale = 1 / filterScale;
  for (let position = 0; position < outputSize; position++) {
    const center = (position + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(inputSize, Math.trunc(center + support + 0.5));
    let total = 0;
    for (let tap = 0; tap < end - start; tap++) {
      const weight = weigh((tap + start - center + 0.5) * inverseScale);
      weights[position * stride + tap] = weight;
      total += weight;
    }
    if (total !== 0) {
      for (let tap = 0; tap < end - start; tap++) weights[position * stride + tap]! /= total;
    }
    starts[position] = start;
    counts[position] = end - start;
  }
  return { starts, counts, weights, stride };
}

/** One input a position: the one that the centre of the output pixel falls on. */
function nearestWeights(inputSize: number, outputSize: number): WeightTable {
  const starts = Int32Array.from({ length: outputSize }, (_, position) =>
    Math.floor(((position + 0.5) * inputSize) / outputSize),
  );
  const counts = new Int32Array(outputSize).fill(1);
  return { starts, counts, weights: new Float64Array(outputSize).fill(1), stride: 1 };
}
