import type { Points } from "./points.ts";
import { addTiledPairs } from "./tiled-pairs.ts";

/** Where sums over points are added up; every part has one entry (gradients: one row) for each point. */
export interface KernelSums {
  /** Potentials: weighted sums of k. */
  readonly values: Float64Array;
  /** [point, dimension], derivatives of the potentials by the point. */
  readonly gradients: Float64Array;
}

/** Zeros for as many points. */
export function createKernelSums(rows: number, columns: number): KernelSums {
  return { values: new Float64Array(rows), gradients: new Float64Array(rows * columns) };
}

/**
 * Adds factor * sum_i weight_i k_a(x_j - y_i) and its derivatives by x_j for every point x_j, where
 * k_a(x) = sqrt(|x|^2 + a^2) - a. Coinciding points contribute the subgradient 0.
 *
 * @param curvatures - when given, factor * sum_i weight_i / sqrt(|x_j - y_i|^2 + a^2) is added for each x_j.
 */
export function addCrossKernel(
  points: Points,
  others: Points,
  weights: ArrayLike<number>,
  smoothing: number,
  factor: number,
  sums: KernelSums,
  curvatures?: Float64Array,
): void {
  const { values: x, rows, columns } = points;
  const { values: y } = others;
  const { values, gradients } = sums;
  const squaredSmoothing = smoothing * smoothing;
  const gradient = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const offset = row * columns;
    let value = 0;
    let curvature = 0;
    gradient.fill(0);
    for (let other = 0, base = 0; other < others.rows; other++, base += columns) {
      let squared = 0;
      for (let column = 0; column < columns; column++) {
        const difference = x[offset + column]! - y[base + column]!;
        squared += difference * difference;
      }
      const root = Math.sqrt(squared + squaredSmoothing);
      if (root === 0) continue;
      const weight = weights[other]!;
      const slope = weight / root;
      value += weight * (squared / (root + smoothing));
      curvature += slope;
      for (let column = 0; column < columns; column++) {
        gradient[column]! += slope * (x[offset + column]! - y[base + column]!);
      }
    }
    values[row]! += factor * value;
    if (curvatures !== undefined) curvatures[row]! += factor * curvature;
    for (let column = 0; column < columns; column++) gradients[offset + column]! += factor * gradient[column]!;
  }
}

/**
 * Adds factor * sum_i weight_i k_a(x_j - x_i) and its derivatives by x_j for every point x_j of one set. Memory is linear
 * in the number of points.
 */
export function addPairKernel(
  points: Points<Float64Array>,
  weights: Float64Array,
  smoothing: number,
  factor: number,
  sums: KernelSums,
): void {
  const { values: x, rows, columns } = points;
  if (columns === 1 && smoothing === 0) {
    addOrderedKernel(x, weights, factor, sums);
    return;
  }
  const { values, gradients } = sums;
  if (columns >= 8) {
    const forces = new Float64Array(x.length);
    addTiledPairs(x, rows, columns, weights, smoothing, factor, values, forces);
    for (let index = 0; index < x.length; index++) {
      const weight = weights[Math.floor(index / columns)]!;
      // Nothing moves a point without weight.
      if (weight > 0) gradients[index]! += forces[index]! / weight;
    }
    return;
  }
  const squaredSmoothing = smoothing * smoothing;
  const held = new Float64Array(columns);
  for (let row = 1; row < rows; row++) {
    const offset = row * columns;
    const rowWeight = factor * weights[row]!;
    let value = 0;
    held.fill(0);
    for (let other = 0, base = 0; other < row; other++, base += columns) {
      let squared = 0;
      for (let column = 0; column < columns; column++) {
        const difference = x[offset + column]! - x[base + column]!;
        squared += difference * difference;
      }
      const root = Math.sqrt(squared + squaredSmoothing);
      if (root === 0) continue;
      const otherWeight = factor * weights[other]!;
      const kernel = squared / (root + smoothing);
      value += otherWeight * kernel;
      values[other]! += rowWeight * kernel;
      const slope = otherWeight / root;
      const otherSlope = rowWeight / root;
      for (let column = 0; column < columns; column++) {
        const difference = x[offset + column]! - x[base + column]!;
        held[column]! += slope * difference;
        gradients[base + column]! -= otherSlope * difference;
      }
    }
    values[row]! += value;
    for (let column = 0; column < columns; column++) gradients[offset + column]! += held[column]!;
  }
}

/** The same on a line, where sorting replaces the pairs: n log n instead of n^2. */
function addOrderedKernel(x: Float64Array, weights: Float64Array, factor: number, sums: KernelSums): void {
  const order = Uint32Array.from(x.keys()).sort((a, b) => x[a]! - x[b]!);
  let total = 0;
  let moment = 0;
  for (let index = 0; index < x.length; index++) {
    total += weights[index]!;
    moment += weights[index]! * x[index]!;
  }
  let below = 0;
  let momentBelow = 0;
  for (let first = 0; first < order.length; ) {
    const position = x[order[first]!]!;
    let end = first;
    let here = 0;
    for (; end < order.length && x[order[end]!]! === position; end++) here += weights[order[end]!]!;
    const above = total - below - here;
    const momentAbove = moment - momentBelow - here * position;
    const value = position * (below - above) - momentBelow + momentAbove;
    for (let index = first; index < end; index++) {
      sums.values[order[index]!]! += factor * value;
      sums.gradients[order[index]!]! += factor * (below - above);
    }
    below += here;
    momentBelow += here * position;
    first = end;
  }
}

/** sum_ij weight_i weight_j k_a(x_i - x_j) of one set. */
export function pairEnergy(points: Points<Float64Array>, weights: Float64Array, smoothing: number): number {
  const { values: x, rows, columns } = points;
  if (columns === 1 && smoothing === 0) {
    const sums = createKernelSums(rows, 1);
    addOrderedKernel(x, weights, 1, sums);
    return weights.reduce((sum, weight, row) => sum + weight * sums.values[row]!, 0);
  }
  let energy = 0;
  for (let row = 1; row < rows; row++) {
    const offset = row * columns;
    let value = 0;
    for (let other = 0, base = 0; other < row; other++, base += columns) {
      let squared = 0;
      for (let column = 0; column < columns; column++) {
        const difference = x[offset + column]! - x[base + column]!;
        squared += difference * difference;
      }
      const root = Math.sqrt(squared + smoothing * smoothing);
      if (root > 0) value += weights[other]! * (squared / (root + smoothing));
    }
    energy += 2 * weights[row]! * value;
  }
  return energy;
}
