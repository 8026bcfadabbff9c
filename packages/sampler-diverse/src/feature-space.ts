import type { RandomKey } from "@divgen/random";
import { createAdam } from "./adam.ts";
import { addCrossKernel, addPairKernel, createKernelSums } from "./kernel-sums.ts";
import { assertPoints, assertPositive, assertPositiveInteger, assertSmoothing, type Points } from "./points.ts";
import type { Target } from "./target.ts";

/**
 * A generator followed by a feature extractor, as two functions, so that any tensor library fits. Both may answer
 * later (a GPU does).
 */
export interface FeatureMap {
  /** phi(G(x)) of latents, [point, latent] -> [point, feature]. */
  features(latents: Points<Float64Array>): Points | Promise<Points>;
  /**
   * Back-propagation: gradients by the latents, [point, latent], of sum_jf cotangents_jf phi_f(G(x_j)).
   *
   * @param cotangents - [point, feature].
   */
  vectorJacobianProduct(latents: Points<Float64Array>, cotangents: Points<Float64Array>): Points | Promise<Points>;
}

/** How latents are compressed in feature space. */
export interface FeatureSpaceOptions {
  readonly key: RandomKey;
  /** Draws whose features are the target, computed once; @defaultValue 1,000 */
  readonly bankSize?: number;
  /** Latents given to `features` at once while the bank is made; @defaultValue 50 */
  readonly bankBatchSize?: number;
  /** Steps of Adam; @defaultValue 200 */
  readonly iterations?: number;
  /** @defaultValue 0.05 */
  readonly learningRate?: number;
  /** a of the kernel in feature space, in units of the features; @defaultValue 1e-6 */
  readonly smoothing?: number;
  /**
   * Weight of the distance in latent space, which keeps latents likely; the two distances are divided by the spread
   * of features and by the scale of the latent target. Needs a target with exact potential unless 0. @defaultValue 0.1
   */
  readonly latentWeight?: number;
  /** Features of what was drawn before, to stay away from; each counts as much as a new point. */
  readonly avoidFeatures?: Points;
  /** Called with the objective before each step. */
  readonly onIteration?: (iteration: number, objective: number) => void;
}

/** Latents whose features represent the features of the target together. */
export interface FeatureSpaceSample {
  readonly latents: Points<Float64Array>;
  /** Features of the latents. */
  readonly features: Points;
  /** d^2 in feature space between new (and avoided) points and the bank, before and after, without the latent term. */
  readonly squaredDistanceBefore: number;
  readonly squaredDistanceAfter: number;
}

/**
 * Measure compression in feature space: moves J latents by back-propagation until the features of what they generate
 * represent the features of many draws. For latents of 64 to 512 dimensions, where all distances are nearly equal.
 *
 *   minimise d^2( {phi(G(x_j))}, {phi(G(z_b))} ) / spread + latentWeight d^2( {x_j}, mu ) / scale
 *
 * Deviation: the paper compresses in latent space only.
 *
 * @throws RangeError if the map returns other shapes or values that are not finite.
 */
export async function compressInFeatureSpace(
  map: FeatureMap,
  target: Target,
  count: number,
  {
    key,
    bankSize = 1_000,
    bankBatchSize = 50,
    iterations = 200,
    learningRate = 0.05,
    smoothing = 1e-6,
    latentWeight = 0.1,
    avoidFeatures,
    onIteration,
  }: FeatureSpaceOptions,
): Promise<FeatureSpaceSample> {
  assertPositiveInteger(count, "count");
  assertPositiveInteger(bankSize, "bankSize");
  assertPositiveInteger(bankBatchSize, "bankBatchSize");
  assertPositiveInteger(iterations, "iterations");
  assertPositive(learningRate, "learningRate");
  assertSmoothing(smoothing);
  if (!(latentWeight >= 0)) throw new RangeError(`latentWeight: expected a number >= 0, got ${latentWeight}`);
  if (latentWeight > 0 && target.potential === undefined) {
    throw new RangeError(
      `latentWeight: expected 0 for ${target.name}, which has no exact potential, got ${latentWeight}`,
    );
  }
  const columns = target.dimension;
  const bank = await featuresOfDraws(map, target, key.split("bank"), bankSize, bankBatchSize);
  if (avoidFeatures !== undefined) assertFeatures(avoidFeatures, avoidFeatures.rows, bank.columns, "avoidFeatures");
  const goal = featureGoal(bank, avoidFeatures, count, smoothing);
  const values = target.sample(key.split("start"), count);
  const latents = { values, rows: count, columns };
  const adam = createAdam(values.length);
  let before = Number.NaN;
  for (let iteration = 0; ; iteration++) {
    const features = await map.features(latents);
    assertFeatures(features, count, bank.columns, "features");
    const { squaredDistance, gradients } = goal.evaluate(features);
    if (iteration === 0) before = squaredDistance;
    if (iteration === iterations) {
      return { latents, features, squaredDistanceBefore: before, squaredDistanceAfter: squaredDistance };
    }
    const cotangents = { values: gradients.map((slope) => slope / goal.spread), rows: count, columns: bank.columns };
    const pulled = await map.vectorJacobianProduct(latents, cotangents);
    assertFeatures(pulled, count, columns, "vectorJacobianProduct");
    const gradient = Float64Array.from(pulled.values);
    let objective = squaredDistance / goal.spread;
    if (latentWeight > 0) objective += addLatentTerm(latents, target, latentWeight / target.scale, gradient);
    onIteration?.(iteration, objective);
    adam.update(values, gradient, learningRate);
    target.project?.(values);
  }
}

/** Distance of features to the bank. */
interface FeatureGoal {
  /** Mean distance of two draws of the bank. */
  readonly spread: number;
  evaluate(features: Points): { readonly squaredDistance: number; readonly gradients: Float64Array };
}

function featureGoal(bank: Points, avoided: Points | undefined, count: number, smoothing: number): FeatureGoal {
  const equal = (rows: number, share = 1): Float64Array => new Float64Array(rows).fill(share / rows);
  const total = count + (avoided?.rows ?? 0);
  const bankWeights = equal(bank.rows);
  const bankEnergy = energyOf(bank, bankWeights, smoothing);
  const oldWeights = avoided === undefined ? undefined : equal(avoided.rows, avoided.rows / total);
  let constant = -0.5 * bankEnergy;
  if (avoided !== undefined) {
    const old = createKernelSums(avoided.rows, avoided.columns);
    addCrossKernel(avoided, bank, bankWeights, smoothing, 1, old);
    constant += old.values.reduce((sum, value, row) => sum + oldWeights![row]! * value, 0);
    constant -= 0.5 * energyOf(avoided, oldWeights!, smoothing);
  }
  return {
    spread: bankEnergy > 0 ? bankEnergy : 1,
    evaluate: (features) => {
      const points = { ...features, values: Float64Array.from(features.values) };
      const masses = equal(count, count / total);
      const sums = createKernelSums(count, features.columns);
      addCrossKernel(points, bank, bankWeights, smoothing, 1, sums);
      if (avoided !== undefined) addCrossKernel(points, avoided, oldWeights!, smoothing, -1, sums);
      const single = sums.values.reduce((sum, value) => sum + masses[0]! * value, 0);
      addPairKernel(points, masses, smoothing, -1, sums);
      const both = sums.values.reduce((sum, value) => sum + masses[0]! * value, single);
      return {
        squaredDistance: 0.5 * both + constant,
        gradients: sums.gradients.map((value) => masses[0]! * value),
      };
    },
  };
}

/** Adds the weighted gradient of the exact distance of latents to their target; returns the weighted distance. */
function addLatentTerm(latents: Points<Float64Array>, target: Target, weight: number, gradient: Float64Array): number {
  const share = 1 / latents.rows;
  const sums = createKernelSums(latents.rows, latents.columns);
  target.potential!.add(latents, 0, sums, new Float64Array(latents.rows));
  const single = sums.values.reduce((sum, value) => sum + share * value, 0);
  addPairKernel(latents, new Float64Array(latents.rows).fill(share), 0, -1, sums);
  const both = sums.values.reduce((sum, value) => sum + share * value, single);
  for (let index = 0; index < gradient.length; index++) gradient[index]! += weight * share * sums.gradients[index]!;
  return weight * 0.5 * (both - target.potential!.selfEnergy(0));
}

function energyOf(points: Points, weights: Float64Array, smoothing: number): number {
  const sums = createKernelSums(points.rows, points.columns);
  addPairKernel({ ...points, values: Float64Array.from(points.values) }, weights, smoothing, 1, sums);
  return sums.values.reduce((sum, value, row) => sum + weights[row]! * value, 0);
}

async function featuresOfDraws(
  map: FeatureMap,
  target: Target,
  key: RandomKey,
  count: number,
  batchSize: number,
): Promise<Points<Float64Array>> {
  const { dimension } = target;
  const draws = target.sample(key, count);
  let values = new Float64Array(0);
  let columns = 0;
  for (let row = 0; row < count; row += batchSize) {
    const rows = Math.min(batchSize, count - row);
    const features = await map.features({
      values: draws.slice(row * dimension, (row + rows) * dimension),
      rows,
      columns: dimension,
    });
    if (row === 0) {
      columns = features.columns;
      values = new Float64Array(count * columns);
    }
    assertFeatures(features, rows, columns, "features");
    values.set(features.values, row * columns);
  }
  return { values, rows: count, columns };
}

function assertFeatures(points: Points, rows: number, columns: number, name: string): void {
  assertPoints(points, name);
  if (points.rows !== rows || points.columns !== columns) {
    throw new RangeError(`${name}: expected [${rows}, ${columns}], got [${points.rows}, ${points.columns}]`);
  }
}
