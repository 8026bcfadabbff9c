import {
  type CompressionProblem,
  type Evaluation,
  fixedPointStep,
  longestStep,
  type PointMasses,
} from "./compression-problem.ts";
import { LimitedMemory } from "./limited-memory.ts";
import type { CompressionResult, StoppingRule } from "./stopping-rule.ts";
import { logitGradients, softmax } from "./trained-shares.ts";

/** A state with its evaluation, as one vector of unknowns: positions, then logits of the shares where they are trained. */
interface Place extends PointMasses {
  readonly unknowns: Float64Array;
  readonly evaluation: Evaluation;
  readonly gradient: Float64Array;
}

/**
 * Deterministic descent on the exact distance: L-BFGS, preconditioned by the curvatures of the fixed point, with a line
 * search; the fixed-point step, which cannot fail, where the search finds nothing. Superlinear in practice.
 *
 * @see Nocedal and Wright, "Numerical optimization", algorithm 7.4.
 */
export function descendExactly(
  problem: CompressionProblem,
  start: PointMasses,
  { tolerance, maxIterations, onIteration }: StoppingRule,
  trainShares: boolean,
): CompressionResult {
  const { target, count } = problem;
  const columns = target.dimension;
  const size = count * columns;
  const limit = tolerance * target.scale;
  const placeAt = (unknowns: Float64Array): Place => {
    target.project?.(unknowns.subarray(0, size));
    const positions = unknowns.subarray(0, size);
    const shares = trainShares ? softmax(unknowns.subarray(size)) : start.shares;
    const evaluation = problem.evaluate({ positions, shares });
    return {
      unknowns,
      positions,
      shares,
      evaluation,
      gradient: fullGradient(evaluation, shares, columns, trainShares),
    };
  };
  const first = new Float64Array(trainShares ? size + count : size);
  first.set(start.positions);
  if (trainShares) first.set(start.shares.map(Math.log), size);
  let place = placeAt(first);
  let best = { place, residual: Number.POSITIVE_INFINITY };
  const memory = new LimitedMemory(8);
  let stalled = 0;
  for (let iteration = 0; ; iteration++) {
    const { evaluation } = place;
    onIteration?.(iteration, evaluation.squaredDistance);
    const safe = fixedPointStep(target, place.positions, evaluation);
    const residual = Math.max(
      longestStep(place.positions, safe, columns),
      trainShares ? shareResidual(evaluation, place.shares) : 0,
    );
    // Where d^2 changes by rounding alone, the residual tells better from worse.
    const noise = 1e-15 * evaluation.magnitude;
    const lower = evaluation.squaredDistance < best.place.evaluation.squaredDistance - noise;
    if (lower || residual < best.residual) {
      stalled = 0;
      best = { place, residual };
    } else stalled++;
    if (residual <= limit || iteration === maxIterations || stalled > 20) {
      const { positions, shares, evaluation: reached } = best.place;
      return {
        positions: positions.slice(),
        shares,
        squaredDistance: reached.squaredDistance,
        iterations: iteration,
        converged: best.residual <= limit,
      };
    }
    const direction = memory.direction(
      place.gradient,
      inverseCurvatures(evaluation, columns, trainShares, target.scale),
    );
    let next = search(place, direction, noise, placeAt);
    if (next === undefined) {
      memory.clear();
      const unknowns = place.unknowns.slice();
      unknowns.set(safe);
      next = placeAt(unknowns);
    } else memory.add(place.unknowns, next.unknowns, place.gradient, next.gradient);
    place = next;
  }
}

/** The first of the steps 1, 1/2, 1/4, ... along the direction that lowers d^2 enough. */
function search(
  place: Place,
  direction: Float64Array,
  noise: number,
  placeAt: (unknowns: Float64Array) => Place,
): Place | undefined {
  for (let step = 1; step > 0.01; step /= 2) {
    const next = placeAt(place.unknowns.map((value, index) => value + step * direction[index]!));
    let slope = 0;
    for (let index = 0; index < direction.length; index++) {
      slope += place.gradient[index]! * (next.unknowns[index]! - place.unknowns[index]!);
    }
    if (slope >= 0) return undefined;
    if (next.evaluation.squaredDistance <= place.evaluation.squaredDistance + 1e-4 * slope + noise) return next;
  }
  return undefined;
}

function fullGradient(
  evaluation: Evaluation,
  shares: Float64Array,
  columns: number,
  trainShares: boolean,
): Float64Array {
  const { gradients, masses } = evaluation;
  const out = new Float64Array(gradients.length + (trainShares ? shares.length : 0));
  for (let row = 0; row < masses.length; row++) {
    for (let index = row * columns; index < (row + 1) * columns; index++) out[index] = masses[row]! * gradients[index]!;
  }
  if (trainShares) out.set(logitGradients(evaluation, shares), gradients.length);
  return out;
}

/** The diagonal that L-BFGS starts from. */
function inverseCurvatures(
  { masses, curvatures }: Evaluation,
  columns: number,
  trainShares: boolean,
  scale: number,
): Float64Array {
  const out = new Float64Array(masses.length * (columns + (trainShares ? 1 : 0)));
  for (let row = 0; row < masses.length; row++) {
    const curvature = masses[row]! * curvatures[row]!;
    out.fill(curvature > 0 ? 1 / curvature : 0, row * columns, (row + 1) * columns);
    if (trainShares) out[masses.length * columns + row] = 1 / (masses[row]! * scale);
  }
  return out;
}

/** How far the derivatives by the masses are from being equal where there is mass. */
function shareResidual({ massGradients }: Evaluation, shares: Float64Array): number {
  const mean = shares.reduce((sum, share, row) => sum + share * massGradients[row]!, 0);
  return shares.reduce(
    (most, share, row) => Math.max(most, Math.min(1, share * shares.length) * Math.abs(massGradients[row]! - mean)),
    0,
  );
}
