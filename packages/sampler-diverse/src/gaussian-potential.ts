import { nodeAngle, nodeRatio, QUADRATURE_STEP } from "./half-line-quadrature.ts";
import type { KernelSums } from "./kernel-sums.ts";
import { normalPotential, type RadialPotential } from "./normal-potential.ts";
import type { Points } from "./points.ts";
import type { GaussianShape } from "./targets/gaussian-component.ts";

/** Adds weight * E k_a(x - Y) of a Gaussian Y, with gradients and curvatures. */
export function addGaussianPotential(
  shape: GaussianShape,
  weight: number,
  points: Points<Float64Array>,
  smoothing: number,
  sums: KernelSums,
  curvatures: Float64Array,
): void {
  if (isRound(shape)) addRoundPotential(shape, weight, points, smoothing, sums, curvatures);
  else addLongPotential(shape, weight, points, smoothing, sums, curvatures);
}

function isRound({ variances, axes }: GaussianShape): boolean {
  return axes === undefined && variances.every((variance) => variance === variances[0]);
}

/** s Xi(|x - m| / s; L, a / s) for the variance s^2 in all directions. */
function addRoundPotential(
  { mean, variances }: GaussianShape,
  weight: number,
  { values: x, rows, columns }: Points<Float64Array>,
  smoothing: number,
  sums: KernelSums,
  curvatures: Float64Array,
): void {
  const deviation = Math.sqrt(variances[0]!);
  const radial: RadialPotential = { value: 0, slope: 0 };
  for (let row = 0; row < rows; row++) {
    const offset = row * columns;
    let squared = 0;
    for (let column = 0; column < columns; column++) squared += (x[offset + column]! - mean[column]!) ** 2;
    normalPotential(Math.sqrt(squared) / deviation, columns, smoothing / deviation, radial);
    const slope = (weight * radial.slope) / deviation;
    sums.values[row]! += weight * deviation * radial.value;
    curvatures[row]! += slope;
    for (let column = 0; column < columns; column++) {
      sums.gradients[offset + column]! += slope * (x[offset + column]! - mean[column]!);
    }
  }
}

/**
 * The general case in the Gaussian's own axes, with variances l_i and coordinates y_i there, t = w^2:
 *
 *   phi(w) = exp(-a^2 t) prod_i (1 + 2 l_i t)^(-1/2) exp(-y_i^2 t / (1 + 2 l_i t)),   m = sum_i (l_i + y_i^2)
 *   value = m / (sqrt(m + a^2) + a) - pi^(-1/2) int_0^inf [phi(w) - exp(-(m + a^2) t)] / t dw
 *   derivative by y_i = 2 y_i pi^(-1/2) int_0^inf phi(w) / (1 + 2 l_i t) dw
 *
 * The value is concave in every y_i^2, so the largest (derivative / y_i), that of the least variance, bounds the curvature.
 * The logarithms are tabulated by node for all points.
 */
function addLongPotential(
  { mean, variances, axes }: GaussianShape,
  weight: number,
  { values: x, rows, columns }: Points<Float64Array>,
  smoothing: number,
  sums: KernelSums,
  curvatures: Float64Array,
): void {
  const own = ownCoordinates(x, rows, mean, axes);
  const trace = variances.reduce((sum, variance) => sum + variance, 0);
  const leastVariance = variances.reduce((least, variance) => Math.min(least, variance));
  let farthest = 0;
  for (let row = 0; row < rows; row++) farthest = Math.max(farthest, squaredLength(own, row, columns));
  const root = Math.sqrt(trace + farthest + smoothing * smoothing);
  const slopes = new Float64Array(columns);
  const table = new NodeTable(variances, root);
  for (let row = 0; row < rows; row++) {
    const offset = row * columns;
    const squared = squaredLength(own, row, columns);
    const total = trace + squared + smoothing * smoothing;
    let value = 0;
    let steepest = 0;
    slopes.fill(0);
    for (let node = 0; ; node++) {
      const w = nodeRatio(node) / root;
      const t = w * w;
      const width = nodeAngle(node);
      const { halfLog, inverse } = table.at(node);
      // Two sums that are small when t is: logarithm of phi / exp(-total t).
      let gain = trace * t - halfLog;
      let exponent = -smoothing * smoothing * t - halfLog;
      for (let column = 0; column < columns; column++) {
        const product = own[offset + column]! * own[offset + column]! * t;
        gain += product * (1 - inverse[column]!);
        exponent -= product * inverse[column]!;
      }
      const phi = Math.exp(exponent);
      const reference = Math.exp(-total * t);
      const term = ((gain < 0.5 ? reference * Math.expm1(gain) : phi - reference) / t) * width;
      const mass = phi * width;
      value += term;
      for (let column = 0; column < columns; column++) slopes[column]! += mass * inverse[column]!;
      const steep = mass / (1 + 2 * leastVariance * t);
      steepest += steep;
      if (steep <= steepest * 1e-17 && term <= value * 1e-17 && total * t > 1) break;
    }
    const scale = (weight * QUADRATURE_STEP) / (root * Math.sqrt(Math.PI));
    sums.values[row]! += (weight * (trace + squared)) / (Math.sqrt(total) + smoothing) - scale * value;
    curvatures[row]! += 2 * scale * steepest;
    for (let axis = 0; axis < columns; axis++) {
      const derivative = 2 * scale * slopes[axis]! * own[offset + axis]!;
      if (axes === undefined) sums.gradients[offset + axis]! += derivative;
      else {
        for (let column = 0; column < columns; column++) {
          sums.gradients[offset + column]! += derivative * axes[column * columns + axis]!;
        }
      }
    }
  }
}

/** 1 / (1 + 2 l_i t) for every axis, and half the sum of the logarithms of 1 + 2 l_i t. */
interface NodeFactors {
  readonly halfLog: number;
  readonly inverse: Float64Array;
}

class NodeTable {
  readonly #variances: Float64Array;
  readonly #root: number;
  readonly #nodes: NodeFactors[] = [];

  constructor(variances: Float64Array, root: number) {
    this.#variances = variances;
    this.#root = root;
  }

  at(node: number): NodeFactors {
    for (let next = this.#nodes.length; next <= node; next++) {
      const t = (nodeRatio(next) / this.#root) ** 2;
      let halfLog = 0;
      for (const variance of this.#variances) halfLog += 0.5 * Math.log1p(2 * variance * t);
      this.#nodes.push({ halfLog, inverse: this.#variances.map((variance) => 1 / (1 + 2 * variance * t)) });
    }
    return this.#nodes[node]!;
  }
}

function ownCoordinates(
  x: Float64Array,
  rows: number,
  mean: Float64Array,
  axes: Float64Array | undefined,
): Float64Array {
  const columns = mean.length;
  const out = new Float64Array(rows * columns);
  for (let offset = 0; offset < out.length; offset += columns) {
    for (let column = 0; column < columns; column++) {
      const difference = x[offset + column]! - mean[column]!;
      if (axes === undefined) out[offset + column] = difference;
      else {
        for (let axis = 0; axis < columns; axis++) out[offset + axis]! += axes[column * columns + axis]! * difference;
      }
    }
  }
  return out;
}

function squaredLength(values: Float64Array, row: number, columns: number): number {
  let sum = 0;
  for (let index = row * columns; index < (row + 1) * columns; index++) sum += values[index]! * values[index]!;
  return sum;
}
