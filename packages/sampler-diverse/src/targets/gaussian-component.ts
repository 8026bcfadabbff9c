import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/** One Gaussian of a mixture. */
export interface GaussianComponent {
  /** Relative weight, > 0; @defaultValue 1 */
  readonly weight?: number;
  readonly mean: ArrayLike<number>;
  /** One number for all axes, or one an axis; > 0; @defaultValue 1 */
  readonly standardDeviation?: number | ArrayLike<number>;
  /** [dimension, dimension], row-major, instead of `standardDeviation`: symmetric, positive definite. */
  readonly covariance?: ArrayLike<number>;
}

/** A Gaussian in its own axes. */
export interface GaussianShape {
  readonly mean: Float64Array;
  /** Along each own axis. */
  readonly variances: Float64Array;
  /** [coordinate, own axis], orthonormal columns; undefined where the axes are the coordinates'. */
  readonly axes: Float64Array | undefined;
}

/**
 * Checks a component and finds its axes.
 *
 * @throws RangeError naming the component if a number is not finite, a deviation is not positive, a size does not fit,
 * or the covariance is not symmetric and positive definite.
 */
export function gaussianShape(component: GaussianComponent, dimension: number, name: string): GaussianShape {
  const { mean, standardDeviation = 1, covariance } = component;
  const checked = (values: ArrayLike<number>, size: number, what: string): Float64Array => {
    if (values.length !== size) throw new RangeError(`${name}.${what}: expected ${size} values, got ${values.length}`);
    const out = Float64Array.from(values);
    const wrong = out.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0)
      throw new RangeError(`${name}.${what}: expected finite values, got ${out[wrong]} at index ${wrong}`);
    return out;
  };
  const center = checked(mean, dimension, "mean");
  if (covariance !== undefined) {
    if (component.standardDeviation !== undefined) {
      throw new RangeError(`${name}: expected either a covariance or a standardDeviation, got both`);
    }
    const matrix = checked(covariance, dimension * dimension, "covariance");
    return { mean: center, ...ownAxes(matrix, dimension, `${name}.covariance`) };
  }
  const deviations =
    typeof standardDeviation === "number"
      ? new Float64Array(dimension).fill(standardDeviation)
      : checked(standardDeviation, dimension, "standardDeviation");
  const wrong = deviations.findIndex((deviation) => !(deviation > 0) || !Number.isFinite(deviation));
  if (wrong >= 0) {
    throw new RangeError(`${name}.standardDeviation: expected finite numbers > 0, got ${deviations[wrong]}`);
  }
  return { mean: center, variances: deviations.map((deviation) => deviation * deviation), axes: undefined };
}

/** The Gaussian of the difference of independent draws. */
export function gaussianDifference(first: GaussianShape, second: GaussianShape): GaussianShape {
  const dimension = first.mean.length;
  const mean = first.mean.map((value, index) => value - second.mean[index]!);
  if (first.axes === undefined && second.axes === undefined) {
    return { mean, variances: first.variances.map((value, axis) => value + second.variances[axis]!), axes: undefined };
  }
  if (first === second) return { mean, variances: first.variances.map((value) => 2 * value), axes: first.axes };
  const sum = covarianceOf(first);
  covarianceOf(second).forEach((value, index) => {
    sum[index]! += value;
  });
  return { mean, ...ownAxes(sum, dimension, "covariance") };
}

function covarianceOf({ variances, axes }: GaussianShape): Float64Array {
  const n = variances.length;
  const out = new Float64Array(n * n);
  for (let row = 0; row < n; row++) {
    if (axes === undefined) {
      out[row * n + row] = variances[row]!;
      continue;
    }
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let axis = 0; axis < n; axis++) sum += axes[row * n + axis]! * variances[axis]! * axes[column * n + axis]!;
      out[row * n + column] = sum;
    }
  }
  return out;
}

function ownAxes(covariance: Float64Array, n: number, name: string): Pick<GaussianShape, "variances" | "axes"> {
  const largest = covariance.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < row; column++) {
      const [lower, upper] = [covariance[row * n + column]!, covariance[column * n + row]!];
      if (Math.abs(lower - upper) > 1e-9 * largest) {
        throw new RangeError(`${name}: expected a symmetric matrix, got ${lower} and ${upper} across the diagonal`);
      }
    }
  }
  const matrix = Matrix.from1DArray(n, n, Array.from(covariance));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const least = Math.min(...realEigenvalues);
  if (!(least > 1e-13 * largest)) {
    throw new RangeError(`${name}: expected a positive definite matrix, got the eigenvalue ${least}`);
  }
  return { variances: Float64Array.from(realEigenvalues), axes: Float64Array.from(eigenvectorMatrix.to1DArray()) };
}
