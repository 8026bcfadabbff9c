import { categorical, normalFloat64 } from "@divgen/random";
import { inverseNormalDistribution } from "../error-function.ts";
import { addGaussianPotential } from "../gaussian-potential.ts";
import { createKernelSums } from "../kernel-sums.ts";
import { normalizedWeights, type Points } from "../points.ts";
import type { Target } from "../target.ts";
import { type GaussianComponent, type GaussianShape, gaussianDifference, gaussianShape } from "./gaussian-component.ts";

/**
 * A mixture of Gaussians with any positive definite covariances, with its exact potential: closed form for round ones
 * without smoothing, quadrature otherwise.
 *
 * @throws RangeError naming the component whose mean, deviation or covariance cannot be used.
 */
export function gaussianMixture(components: readonly GaussianComponent[]): Target {
  const dimension = components[0]?.mean.length ?? 0;
  if (dimension === 0) throw new RangeError("components: expected at least one with a mean of at least one value");
  const shapes = components.map((component, index) => gaussianShape(component, dimension, `components[${index}]`));
  const given = components.map(({ weight = 1 }) => weight);
  const weights = normalizedWeights(given, given.length, "component weights");
  const place = (codes: Float64Array, start: number, component: number): void => {
    placeDraw(shapes[component]!, codes, start);
  };
  return {
    name: `gaussian-mixture(${components.length})`,
    dimension,
    scale: mixtureScale(shapes, weights),
    sample: (key, count) => {
      const chosen = categorical(key.split("component"), weights, count);
      const values = normalFloat64(key.split("draw"), count * dimension);
      for (let row = 0; row < count; row++) place(values, row * dimension, chosen[row]!);
      return values;
    },
    uniformMap: {
      // The first number chooses the component.
      dimension: dimension + 1,
      map: (uniforms, count) => {
        const values = new Float64Array(count * dimension);
        for (let row = 0; row < count; row++) {
          const start = row * (dimension + 1);
          for (let column = 0; column < dimension; column++) {
            values[row * dimension + column] = inverseNormalDistribution(uniforms[start + 1 + column]!);
          }
          place(values, row * dimension, componentAt(weights, uniforms[start]!));
        }
        return values;
      },
    },
    score: (points) => mixtureScore(shapes, weights, points),
    potential: {
      add: (points, smoothing, sums, curvatures) => {
        shapes.forEach((shape, index) => {
          addGaussianPotential(shape, weights[index]!, points, smoothing, sums, curvatures);
        });
      },
      selfEnergy: (smoothing) => mixtureSelfEnergy(shapes, weights, smoothing),
    },
  };
}

/** Turns a standard normal draw into one of the component, in place. */
function placeDraw({ mean, variances, axes }: GaussianShape, values: Float64Array, start: number): void {
  const own = variances.map((variance, axis) => Math.sqrt(variance) * values[start + axis]!);
  const n = own.length;
  for (let column = 0; column < n; column++) {
    let value = axes === undefined ? own[column]! : 0;
    if (axes !== undefined) for (let axis = 0; axis < n; axis++) value += axes[column * n + axis]! * own[axis]!;
    values[start + column] = mean[column]! + value;
  }
}

function componentAt(weights: Float64Array, unit: number): number {
  let sum = 0;
  for (let index = 0; index < weights.length - 1; index++) {
    sum += weights[index]!;
    if (unit < sum) return index;
  }
  return weights.length - 1;
}

function mixtureScale(shapes: readonly GaussianShape[], weights: Float64Array): number {
  const mean = new Float64Array(shapes[0]!.mean.length);
  shapes.forEach((shape, index) => {
    for (let column = 0; column < mean.length; column++) mean[column]! += weights[index]! * shape.mean[column]!;
  });
  let total = 0;
  shapes.forEach((shape, index) => {
    for (let column = 0; column < mean.length; column++) {
      total += weights[index]! * (shape.variances[column]! + (shape.mean[column]! - mean[column]!) ** 2);
    }
  });
  return Math.sqrt(total);
}

/** E k_a(Y - Y') over all pairs of components: the potential of the difference at 0. */
function mixtureSelfEnergy(shapes: readonly GaussianShape[], weights: Float64Array, smoothing: number): number {
  const columns = shapes[0]!.mean.length;
  const origin: Points<Float64Array> = { values: new Float64Array(columns), rows: 1, columns };
  const sums = createKernelSums(1, columns);
  const curvatures = new Float64Array(1);
  for (let first = 0; first < shapes.length; first++) {
    for (let second = 0; second <= first; second++) {
      const weight = weights[first]! * weights[second]! * (first === second ? 1 : 2);
      const difference = gaussianDifference(shapes[first]!, shapes[second]!);
      addGaussianPotential(difference, weight, origin, smoothing, sums, curvatures);
    }
  }
  return sums.values[0]!;
}

/** sum_c P(c | x) C_c^-1 (m_c - x), with the posterior taken relative to the likeliest component. */
function mixtureScore(shapes: readonly GaussianShape[], weights: Float64Array, { values: x, rows, columns }: Points) {
  const out = new Float64Array(rows * columns);
  const pulls = shapes.map(() => new Float64Array(columns));
  const logs = new Float64Array(shapes.length);
  for (let row = 0; row < rows; row++) {
    const offset = row * columns;
    shapes.forEach(({ mean, variances, axes }, index) => {
      const pull = pulls[index]!.fill(0);
      let log = Math.log(weights[index]!);
      for (let axis = 0; axis < columns; axis++) {
        let own = axes === undefined ? x[offset + axis]! - mean[axis]! : 0;
        for (let column = 0; axes !== undefined && column < columns; column++) {
          own += axes[column * columns + axis]! * (x[offset + column]! - mean[column]!);
        }
        const scaled = own / variances[axis]!;
        log -= 0.5 * (own * scaled + Math.log(variances[axis]!));
        if (axes === undefined) pull[axis] = -scaled;
        else for (let column = 0; column < columns; column++) pull[column]! -= axes[column * columns + axis]! * scaled;
      }
      logs[index] = log;
    });
    const likeliest = logs.reduce((most, log) => Math.max(most, log));
    const total = logs.reduce((sum, log) => sum + Math.exp(log - likeliest), 0);
    pulls.forEach((pull, index) => {
      const posterior = Math.exp(logs[index]! - likeliest) / total;
      for (let column = 0; column < columns; column++) out[offset + column]! += posterior * pull[column]!;
    });
  }
  return out;
}
