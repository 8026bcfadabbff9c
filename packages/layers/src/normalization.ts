import {
  type FusedKernelName,
  fusedKernels,
  hasFusedKernel,
  type NormKernelAttributes,
  runFusedKernel,
  ShapeError,
} from "@divgen/core-tensors";
import {
  add,
  customGrad,
  type GradSaveFunc,
  mean,
  mul,
  reshape,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";

/** Scale and offset by channel, or null for none. */
export type Affine = { readonly scale: Tensor1D; readonly offset: Tensor1D } | null;

/** What batch normalisation gives: the normalised values, and the statistics that running averages take up. */
export interface NormalizedBatch<T extends Tensor> {
  readonly output: T;
  /** [channels]. */
  readonly mean: Tensor1D;
  /** [channels]; of the population (divided by n). */
  readonly variance: Tensor1D;
}

/**
 * (x - mean) / sqrt(variance + epsilon) * scale + offset with the statistics of each channel over the batch and all
 * positions. Differentiable twice.
 *
 * @param x - [batch, ..., channels], more than one value a channel.
 * @returns owned by the caller.
 * @throws ShapeError if there is one value a channel only: its deviation is 0 whatever it is.
 */
export function normalizeBatch<T extends Tensor>(x: T, affine: Affine, epsilon: number): NormalizedBatch<T> {
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  assertSeveral(x, axes);
  return tidy(() => {
    if (hasFusedKernel(fusedKernels.batchNorm)) {
      const kernel = affine === null ? fusedKernels.batchNormUnscaled : fusedKernels.batchNorm;
      const [output, average, variance] = normalizeFused(kernel, x, affine, epsilon);
      return { output: output as T, mean: average as Tensor1D, variance: variance as Tensor1D };
    }
    const moments = centralMoments(x, axes, epsilon);
    return {
      output: standardize(x, axes, moments, affine),
      mean: reshape(moments.mean, [-1]) as Tensor1D,
      variance: reshape(moments.variance, [-1]) as Tensor1D,
    };
  });
}

/**
 * The same with given statistics, as at inference.
 *
 * @param statistics - [channels] each; constants.
 * @returns owned by the caller.
 */
export function normalizeWith<T extends Tensor>(
  x: T,
  statistics: { readonly mean: Tensor1D; readonly variance: Tensor1D },
  affine: Affine,
  epsilon: number,
): T {
  return tidy(() => {
    const inverse = rsqrt(add(statistics.variance, epsilon));
    // x * slope + (offset - mean * slope): two passes over x.
    const slope = affine === null ? inverse : mul(inverse, affine.scale);
    const shift = mul(statistics.mean, slope);
    const product = mul(x, slope);
    return (affine === null ? sub(product, shift) : add(product, sub(affine.offset, shift))) as T;
  });
}

/**
 * Instance normalisation: statistics of each image and channel over its positions. Differentiable twice.
 *
 * @param x - [batch, height, width, channels], more than one position.
 * @returns owned by the caller.
 * @throws ShapeError if there is one position only.
 */
export function normalizeInstance(x: Tensor4D, affine: Affine, epsilon: number): Tensor4D {
  assertSeveral(x, [1, 2]);
  return tidy(() => {
    if (hasFusedKernel(fusedKernels.instanceNorm)) {
      const kernel = affine === null ? fusedKernels.instanceNormUnscaled : fusedKernels.instanceNorm;
      return normalizeFused(kernel, x, affine, epsilon)[0] as Tensor4D;
    }
    return standardize(x, [1, 2], centralMoments(x, [1, 2], epsilon), affine);
  });
}

/**
 * Layer normalisation: statistics of each example over the given axes, scale and offset along the last axis.
 * Differentiable twice.
 *
 * @param axes - that the statistics run over; the last axis among them.
 * @returns owned by the caller.
 */
export function normalizeLayer<T extends Tensor>(x: T, axes: readonly number[], affine: Affine, epsilon: number): T {
  assertSeveral(x, axes);
  return tidy(() => {
    const standardized = standardize(x, [...axes], centralMoments(x, [...axes], epsilon), null);
    return affine === null ? standardized : (add(mul(standardized, affine.scale), affine.offset) as T);
  });
}

/** Output, mean and variance by a kernel of the engine in use. */
function normalizeFused(kernel: FusedKernelName, x: Tensor, affine: Affine, epsilon: number) {
  const attributes: NormKernelAttributes = { epsilon };
  return runFusedKernel(kernel, { x, ...affine }, attributes) as [Tensor, Tensor, Tensor];
}

/** Centred values and their statistics, which keep the reduced axes with length 1. */
interface CentralMoments {
  readonly mean: Tensor;
  readonly centered: Tensor;
  readonly variance: Tensor;
  /** 1 / sqrt(variance + epsilon). */
  readonly inverse: Tensor;
}

function centralMoments(x: Tensor, axes: number[], epsilon: number): CentralMoments {
  const average = mean(x, axes, true);
  const centered = sub(x, average);
  const variance = mean(square(centered), axes, true);
  return { mean: average, centered, variance, inverse: rsqrt(add(variance, epsilon)) };
}

/**
 * centered * inverse (* scale + offset), with the gradient written out: with g the gradient of the result and c, r the
 * centred values and the inverse deviation,
 *
 *   dx = r scale (g - mean(g) - c r^2 mean(g c)),  dscale = sum(g c r),  doffset = sum(g).
 *
 * Automatic differentiation of the moments takes three times as many operations. The moments are made outside of the
 * custom gradient, on the tape: what it saves of them stays connected to x, so the second derivative is right.
 */
function standardize<T extends Tensor>(x: T, axes: number[], moments: CentralMoments, affine: Affine): T {
  const { centered, inverse } = moments;
  if (affine === null) {
    return customGrad((_x: Tensor | GradSaveFunc, save: Tensor | GradSaveFunc) => {
      (save as GradSaveFunc)([centered, inverse]);
      return {
        value: mul(centered, inverse),
        gradFunc: (gradient: Tensor, saved: Tensor[]) => {
          const [c, r] = saved as [Tensor, Tensor];
          return mul(residual(gradient, c, r, axes).values, r);
        },
      };
    })(x) as T;
  }
  return customGrad(
    (
      _x: Tensor | GradSaveFunc,
      scale: Tensor | GradSaveFunc,
      offset: Tensor | GradSaveFunc,
      save: Tensor | GradSaveFunc,
    ) => {
      (save as GradSaveFunc)([centered, inverse, scale as Tensor]);
      return {
        value: add(mul(centered, mul(inverse, scale as Tensor)), offset as Tensor),
        gradFunc: (gradient: Tensor, saved: Tensor[]) => {
          const [c, r, factor] = saved as [Tensor, Tensor, Tensor];
          const { values, meanGradient, meanProduct } = residual(gradient, c, r, axes);
          const others = r.shape.map((_, axis) => axis).slice(0, -1);
          const count = c.size / r.size;
          return [
            mul(values, mul(r, factor)),
            mul(sum(mul(r, meanProduct), others), count),
            mul(sum(meanGradient, others), count),
          ];
        },
      };
    },
  )(x, affine.scale, affine.offset) as T;
}

/** g - mean(g) - c r^2 mean(g c). */
function residual(gradient: Tensor, centered: Tensor, inverse: Tensor, axes: number[]) {
  const meanGradient = mean(gradient, axes, true);
  const meanProduct = mean(mul(gradient, centered), axes, true);
  const slope = mul(square(inverse), meanProduct);
  return { values: sub(sub(gradient, meanGradient), mul(centered, slope)), meanGradient, meanProduct };
}

function assertSeveral(x: Tensor, axes: readonly number[]): void {
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  if (count < 2) {
    throw new ShapeError(
      `input: expected more than one value to normalise over axes ${axes.join(", ")}, got [${x.shape.join(", ")}]`,
    );
  }
}
