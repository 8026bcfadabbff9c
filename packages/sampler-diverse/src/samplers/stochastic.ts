import type { RandomKey } from "@divgen/random";
import { createAdam } from "../adam.ts";
import { type CompressionProblem, createCompressionProblem, type PointMasses } from "../compression-problem.ts";
import type { DiverseSampler } from "../diverse-sampler.ts";
import { addCrossKernel, createKernelSums } from "../kernel-sums.ts";
import { assertPositiveInteger, assertSmoothing, type Points } from "../points.ts";
import { softmax } from "../trained-shares.ts";
import { startingMasses } from "./compression.ts";

/** How algorithm A1 runs. */
export interface StochasticOptions {
  /** a of the kernel; @defaultValue 1e-6, as in the paper */
  readonly smoothing?: number;
  /** Fresh draws of the target an iteration; @defaultValue 1,000, as in the author's code */
  readonly batchSize?: number;
  /** At most as many; the paper stops by their number alone. @defaultValue 1,000 */
  readonly iterations?: number;
  /** Of Adam, in units of the coordinates; a function gives a schedule. @defaultValue 0.1, as in the author's code */
  readonly learningRate?: number | ((iteration: number) => number);
  /**
   * Ends early when the mean batch loss of 100 iterations is not lower than that of the 100 before by this share of it;
   * @defaultValue 0: never ends early
   */
  readonly tolerance?: number;
  /** @defaultValue 1 */
  readonly restarts?: number;
  /** Whether shares are trained too, as softmax of logits; @defaultValue false */
  readonly trainWeights?: boolean;
  /** [count, dimension]; @defaultValue draws of the target, as in the paper (the author's code: uniform on [0, 1)) */
  readonly initialPoints?: Points;
}

const WINDOW = 100;

/**
 * Algorithm A1 of the paper: Adam on the kernel distance to fresh draws of the target. Needs nothing but draws, so it
 * takes any sampler and data sets of any size. Of several restarts the one with the least distance to the exact target,
 * or to 4,096 held-out draws where there is no exact potential, counts.
 *
 * @see Turinici, "Diversity aware image generation", algorithm A1.
 */
export function stochasticSampler({
  smoothing = 1e-6,
  batchSize = 1_000,
  iterations = 1_000,
  learningRate = 0.1,
  tolerance = 0,
  restarts = 1,
  trainWeights = false,
  initialPoints,
}: StochasticOptions = {}): DiverseSampler {
  assertSmoothing(smoothing);
  assertPositiveInteger(batchSize, "batchSize");
  assertPositiveInteger(iterations, "iterations");
  assertPositiveInteger(restarts, "restarts");
  const rateAt = typeof learningRate === "number" ? () => learningRate : learningRate;
  if (!(rateAt(0) > 0)) throw new RangeError(`learningRate: expected a number > 0, got ${rateAt(0)}`);
  return {
    name: "stochastic",
    draw: (request) => {
      const { target, count, key, avoided } = request;
      const problem = createCompressionProblem(target, count, smoothing, avoided);
      let best: (PointMasses & { iterations: number; converged: boolean }) | undefined;
      let bestDistance = Number.POSITIVE_INFINITY;
      for (let restart = 0; restart < restarts; restart++) {
        const start = startingMasses(request, key.fold(restart), restart === 0 ? initialPoints : undefined);
        const options = {
          batchSize,
          iterations,
          rateAt,
          tolerance,
          trainWeights,
          key: key.fold(restart).split("batches"),
        };
        const result = descendByBatches(problem, start, options);
        const distance = restarts === 1 ? 0 : comparisonDistance(problem, result, key.split("comparison"));
        if (best === undefined || distance < bestDistance) {
          best = result;
          bestDistance = distance;
        }
      }
      return best!;
    },
  };
}

interface BatchDescent {
  readonly key: RandomKey;
  readonly batchSize: number;
  readonly iterations: number;
  readonly rateAt: (iteration: number) => number;
  readonly tolerance: number;
  readonly trainWeights: boolean;
}

function descendByBatches(
  problem: CompressionProblem,
  start: PointMasses,
  { key, batchSize, iterations, rateAt, tolerance, trainWeights }: BatchDescent,
): PointMasses & { iterations: number; converged: boolean } {
  const { target } = problem;
  const positions = start.positions.slice();
  const logits = new Float64Array(start.shares.length);
  const adam = createAdam(positions.length);
  const shareAdam = createAdam(logits.length);
  let shares = start.shares;
  let [windowLoss, previousLoss] = [0, Number.POSITIVE_INFINITY];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const batch = target.sample(key.fold(iteration), batchSize);
    const { loss, positionGradient, massGradients, masses } = batchLoss(problem, { positions, shares }, batch);
    adam.update(positions, positionGradient, rateAt(iteration));
    target.project?.(positions);
    if (trainWeights) {
      const mean = shares.reduce((sum, share, row) => sum + share * massGradients[row]!, 0);
      shareAdam.update(
        logits,
        masses.map((mass, row) => mass * (massGradients[row]! - mean)),
        rateAt(iteration),
      );
      shares = softmax(logits);
    }
    windowLoss += loss / WINDOW;
    if ((iteration + 1) % WINDOW === 0) {
      if (tolerance > 0 && windowLoss > previousLoss - tolerance * Math.abs(previousLoss)) {
        return { positions, shares, iterations: iteration + 1, converged: true };
      }
      [previousLoss, windowLoss] = [windowLoss, 0];
    }
  }
  return { positions, shares, iterations, converged: false };
}

/** The part of the batch loss that moves with the points, and its derivatives. */
function batchLoss(problem: CompressionProblem, { positions, shares }: PointMasses, batch: Float64Array) {
  const columns = problem.target.dimension;
  const points = { values: positions, rows: shares.length, columns };
  const draws = { values: batch, rows: batch.length / columns, columns };
  const masses = shares.map((share) => problem.newMass * share);
  const attraction = createKernelSums(points.rows, columns);
  const uniform = new Float64Array(draws.rows).fill(1 / draws.rows);
  addCrossKernel(points, draws, uniform, problem.smoothing, 1, attraction);
  const sums = { values: attraction.values.slice(), gradients: attraction.gradients };
  problem.addRepulsion(points, masses, sums);
  const positionGradient = sums.gradients.map((value, index) => masses[Math.floor(index / columns)]! * value);
  let loss = 0;
  for (let row = 0; row < points.rows; row++) {
    loss += 0.5 * masses[row]! * (attraction.values[row]! + sums.values[row]!);
  }
  return { loss, positionGradient, massGradients: sums.values, masses };
}

function comparisonDistance(problem: CompressionProblem, result: PointMasses, key: RandomKey): number {
  if (problem.target.potential !== undefined) return problem.evaluate(result).squaredDistance;
  return batchLoss(problem, result, problem.target.sample(key, 4096)).loss;
}
